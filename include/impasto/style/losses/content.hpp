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

/// The content term of one layer: how far the picture's map is from the photo's, unit by unit.
/// Source: Gatys et al. 2016, eqs. 1 and 2.
template <class T, class Device>
class content_loss {
public:
    /// weight: α·λ. map: the shape of the whole picture's map. map_scale: multiplies maps to give
    /// the network's own (nn::features::tap_scale).
    content_loss(convention loss, double weight, const shape& map, std::size_t tiles,
                 double map_scale)
        : loss_(loss),
          weight_(weight),
          square_scale_(map_scale * map_scale),
          map_(map),
          photo_(tiles) {}

    /// Keeps the photo's map of a tile.
    void set_target(context<Device>& ctx, std::size_t tile, tensor_view<const T, Device> map) {
        photo_[tile] = tensor<T, Device>(map.shape(), map.layout());
        ops::copy(ctx, map, photo_[tile]);
    }
    /// Once all tiles are kept: what the term is measured by.
    void measure_target(context<Device>& ctx) {
        ops::scalars<Device> sums(ctx, photo_.size());
        for (std::size_t tile = 0; tile < photo_.size(); ++tile) {
            tensor<T, Device> zero(photo_[tile].shape(), photo_[tile].layout());
            ops::fill(ctx, 0, zero);
            ops::squared_error(ctx, photo_[tile], zero, 1, {}, sums.slots(tile));
        }
        norm_ = 0;
        for (const double sum : sums.read(ctx))
            norm_ += sum;
    }

    /// gradient += ∂J/∂map, and the tile's sum of squares is left in `sum`. gradient_scale:
    /// gradients are those of so many times J.
    void add_gradient(context<Device>& ctx, std::size_t tile, tensor_view<const T, Device> map,
                      double gradient_scale, tensor_view<T, Device> gradient,
                      tensor_view<double, Device> sum) const {
        ops::squared_error(ctx, map, photo_[tile], scale().gradient() * gradient_scale, gradient,
                           sum);
    }

    [[nodiscard]] term_scale scale() const {
        return {square_scale_ * content_factor(loss_, map_.elements(), square_scale_ * norm_),
                weight_};
    }
    [[nodiscard]] bool has_target() const { return !photo_.front().empty(); }
    [[nodiscard]] std::size_t peak_bytes(layout order) const {
        return static_cast<std::size_t>(storage_elements(map_, order)) * sizeof(T);
    }

private:
    convention loss_;
    double weight_, square_scale_;
    double norm_ = 0;  // ΣP² of maps as they are stored
    shape map_;
    std::vector<tensor<T, Device>> photo_;  // of each tile
};

}  // namespace impasto::style
