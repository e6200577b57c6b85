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

/// The style term of one layer: how far the Gram matrix of the picture's map, over its units, is
/// from the paintings'. Source: Gatys et al. 2016, eqs. 3 to 6.
template <class Device>
class gram_loss {
public:
    /// weight: β·λ. in_parts: the picture is seen in more than one tile. map_scale: multiplies maps
    /// to give the network's own (nn::features::tap_scale).
    gram_loss(convention loss, double weight, std::int64_t channels, bool in_parts,
              double map_scale)
        : loss_(loss),
          weight_(weight),
          square_scale_(map_scale * map_scale),
          picture_(channels, in_parts) {}

    /// target: [1,1,C,C], the Gram matrix of the paintings over their units.
    void set_target(context<Device>& ctx, tensor<float, Device> target) {
        target_ = std::move(target);
        norm_ = ops::dot(ctx, target_, target_);
    }

    /// Sums of the picture's map, to be filled tile by tile.
    [[nodiscard]] statistics<Device>& picture() { return picture_; }

    /// Leaves the sum of squares in `sum`; the sums become what add_gradient needs of them.
    /// gradient_scale: gradients are those of so many times J.
    void compare(context<Device>& ctx, double gradient_scale, tensor_view<double, Device> sum) {
        const double mean = square_scale_ / static_cast<double>(picture_.units());
        // dE/dF = (dE/dG + dE/dGᵀ)·F, and G/M − A is symmetric: 2·2 times the difference, over M.
        ops::gram_error(ctx, picture_.products(), mean, target_,
                        4 * mean * scale().gradient() * gradient_scale, picture_.products(), sum);
    }

    /// gradient += ∂J/∂map, once all maps have been compared.
    template <class T>
    void add_gradient(context<Device>& ctx, tensor_view<const T, Device> map,
                      tensor_view<T, Device> gradient) {
        ops::gram_backward(ctx, map, picture_.products(), gradient);
    }

    [[nodiscard]] term_scale scale() const {
        return {style_factor(loss_, picture_.channels(), norm_), weight_};
    }
    [[nodiscard]] bool has_target() const { return !target_.empty(); }
    /// Of the sums and the target.
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
