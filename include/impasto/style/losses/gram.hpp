#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <impasto/ops/gram.hpp>
#include <impasto/ops/vector.hpp>
#include <impasto/style/convention.hpp>
#include <impasto/style/statistics.hpp>
#include <impasto/style/term_scale.hpp>

namespace impasto::style {

/// The style loss of one layer: squared differences between the Gram matrices of picture and
/// paintings, each divided by its number of units. Source: Gatys et al. 2016, eqs. 3 to 6.
template <class Device>
class gram_loss {
public:
    /// weight: β·λ. in_parts: the picture has more than one tile. map_scale: scale that restores
    /// the unscaled activations (nn::features::tap_scale).
    gram_loss(convention loss, double weight, std::int64_t channels, bool in_parts,
              double map_scale)
        : loss_(loss),
          weight_(weight),
          square_scale_(map_scale * map_scale),
          picture_(channels, in_parts) {}

    /// target: [1,1,C,C], the Gram matrix of the paintings, divided by their number of units.
    void set_target(context<Device>& ctx, tensor<float, Device> target) {
        target_ = std::move(target);
        norm_ = ops::dot(ctx, target_, target_);
    }

    /// The statistics of the picture, to be filled tile by tile.
    [[nodiscard]] statistics<Device>& picture() { return picture_; }

    /// Writes the sum of squared differences to `sum`, and replaces the statistics by the factor
    /// that add_gradient needs. gradient_scale: the loss scale.
    void compare(context<Device>& ctx, double gradient_scale, tensor_view<double, Device> sum) {
        const double mean = square_scale_ / static_cast<double>(picture_.units());
        // dE/dF = (dE/dG + dE/dGᵀ)·F, and G/M − A is symmetric: 2·2 times the difference, over M.
        ops::gram_error(ctx, picture_.products(), mean, target_,
                        4 * mean * scale().gradient() * gradient_scale, picture_.products(), sum);
    }

    /// gradient += ∂J/∂map times the loss scale; call after compare.
    template <class T>
    void add_gradient(context<Device>& ctx, tensor_view<const stored<T>, Device> map,
                      tensor_view<stored<T>, Device> gradient) {
        ops::gram_backward<T>(ctx, map, picture_.products(), gradient);
    }

    [[nodiscard]] term_scale scale() const {
        return {style_factor(loss_, picture_.channels(), norm_), weight_};
    }
    [[nodiscard]] bool has_target() const { return !target_.empty(); }
    /// Bytes of the statistics and the target.
    [[nodiscard]] std::size_t peak_bytes() const {
        return picture_.bytes() +
               static_cast<std::size_t>(picture_.channels() * picture_.channels()) * sizeof(float);
    }

private:
    convention loss_;
    double weight_, square_scale_;
    double norm_ = 0;  // ΣA²
    statistics<Device> picture_;
    tensor<float, Device> target_;
};

}  // namespace impasto::style
