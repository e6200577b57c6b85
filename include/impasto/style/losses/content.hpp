#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/ops/losses.hpp>
#include <impasto/ops/scalars.hpp>
#include <impasto/ops/vector.hpp>
#include <impasto/style/convention.hpp>
#include <impasto/style/term_scale.hpp>

namespace impasto::style {

/// The content loss of one layer: squared differences between the feature maps of picture and
/// photo. Source: Gatys et al. 2016, eqs. 1 and 2.
template <class T, class Device>
class content_loss {
public:
    /// weight: α·λ. map: shape of the feature map of the whole picture. map_scale: scale that
    /// restores the unscaled activations (nn::features::tap_scale).
    content_loss(convention loss, double weight, const shape& map, std::size_t tiles,
                 double map_scale)
        : loss_(loss),
          weight_(weight),
          square_scale_(map_scale * map_scale),
          map_(map),
          photo_(tiles) {}

    /// Copies the photo's feature map of a tile.
    void set_target(context<Device>& ctx, std::size_t tile,
                    tensor_view<const stored<T>, Device> map) {
        photo_[tile] = tensor<stored<T>, Device>(map.shape(), map.layout());
        ops::copy<T>(ctx, map, photo_[tile]);
    }
    /// Computes ΣP²; call after set_target of all tiles. Waits for the device.
    void measure_target(context<Device>& ctx) {
        ops::scalars<Device> sums(ctx, photo_.size());
        for (std::size_t tile = 0; tile < photo_.size(); ++tile) {
            tensor<stored<T>, Device> zero(photo_[tile].shape(), photo_[tile].layout());
            ops::fill<T>(ctx, 0, zero);
            ops::squared_error<T>(ctx, photo_[tile], zero, 1, {}, sums.slots(tile));
        }
        norm_ = 0;
        for (const double sum : sums.read(ctx))
            norm_ += sum;
    }

    /// gradient += gradient_scale · ∂J/∂map; writes the tile's sum of squared differences to `sum`.
    /// gradient_scale: the loss scale.
    void add_gradient(context<Device>& ctx, std::size_t tile,
                      tensor_view<const stored<T>, Device> map, double gradient_scale,
                      tensor_view<stored<T>, Device> gradient,
                      tensor_view<double, Device> sum) const {
        ops::squared_error<T>(ctx, map, photo_[tile], scale().gradient() * gradient_scale, gradient,
                              sum);
    }

    [[nodiscard]] term_scale scale() const {
        return {square_scale_ * content_factor(loss_, map_.elements(), square_scale_ * norm_),
                weight_};
    }
    [[nodiscard]] bool has_target() const { return !photo_.front().empty(); }
    [[nodiscard]] std::size_t peak_bytes(layout order) const {
        return static_cast<std::size_t>(storage_elements(map_, order)) * sizeof(stored<T>);
    }

private:
    convention loss_;
    double weight_, square_scale_;
    double norm_ = 0;  // ΣP² of feature maps as they are stored
    shape map_;
    std::vector<tensor<stored<T>, Device>> photo_;  // of each tile
};

}  // namespace impasto::style
