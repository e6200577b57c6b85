#pragma once

#include <span>

#include <impasto/ops/losses.hpp>
#include <impasto/style/convention.hpp>
#include <impasto/style/term_scale.hpp>

namespace impasto::style {

/// The total variation of the pixels. Source: the squared form of Mahendran & Vedaldi 2015, eq. 4.
class variation_loss {
public:
    /// weight: γ; pixels: [1,3,H,W]
    variation_loss(convention loss, double weight, const shape& pixels)
        : scale_(variation_factors(loss, pixels)), weight_(weight) {}

    /// gradient += ∂J/∂pixels, and the two sums are left in `sums`.
    template <class Device>
    void add_gradient(context<Device>& ctx, tensor_view<const float, Device> pixels,
                      tensor_view<float, Device> gradient, tensor_view<double, Device> sums) const {
        auto scale = scale_;
        scale.horizontal *= weight_;
        scale.vertical *= weight_;
        ops::total_variation(ctx, pixels, scale, gradient, sums);
    }

    [[nodiscard]] double weight() const { return weight_; }
    /// The term of those sums, before its weight.
    [[nodiscard]] double value(std::span<const double> sums) const {
        return scale_.horizontal * sums[0] + scale_.vertical * sums[1];
    }

private:
    ops::variation scale_;
    double weight_;
};

}  // namespace impasto::style
