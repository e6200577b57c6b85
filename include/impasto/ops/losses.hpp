#pragma once

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

/// Losses, each in two forms: one returns its sum, the other leaves it in a slot (ops::scalars),
/// for loops whose host is not to wait. On a GPU there is the second alone.
namespace impasto::ops {

/// Σ(features − target)² over all elements, and gradient += scale · 2 · (features − target), in one
/// pass. All [1,C,H,W] in one layout. A gradient that is empty is left out.
[[nodiscard]] double squared_error(context<cpu>& ctx, tensor_view<const float, cpu> features,
                                   tensor_view<const float, cpu> target, double scale,
                                   tensor_view<float, cpu> gradient);

inline void squared_error(context<cpu>& ctx, tensor_view<const float, cpu> features,
                          tensor_view<const float, cpu> target, double scale,
                          tensor_view<float, cpu> gradient, tensor_view<double, cpu> sum) {
    *sum.data() = squared_error(ctx, features, target, scale, gradient);
}
void squared_error(context<cuda>& ctx, tensor_view<const float, cuda> features,
                   tensor_view<const float, cuda> target, double scale,
                   tensor_view<float, cuda> gradient, tensor_view<double, cuda> sum);
void squared_error(context<cuda>& ctx, tensor_view<const half, cuda> features,
                   tensor_view<const half, cuda> target, double scale,
                   tensor_view<half, cuda> gradient, tensor_view<double, cuda> sum);
void squared_error(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
                   tensor_view<const bfloat16, cuda> target, double scale,
                   tensor_view<bfloat16, cuda> gradient, tensor_view<double, cuda> sum);

struct variation {
    double horizontal = 0;  ///< Σ(right − here)²
    double vertical = 0;    ///< Σ(below − here)²
    bool inner = false;     ///< without the differences along the last row and the last column
};

/// Both sums over planar pixels [N,C,H,W], and gradient += the derivative of
/// scale.horizontal · horizontal + scale.vertical · vertical. An empty gradient is left out.
/// Source: the squared form of Mahendran & Vedaldi 2015, eq. 4 (β = 2).
[[nodiscard]] variation total_variation(context<cpu>& ctx, tensor_view<const float, cpu> pixels,
                                        variation scale, tensor_view<float, cpu> gradient);

/// sums: [1,1,1,2], horizontal and vertical.
inline void total_variation(context<cpu>& ctx, tensor_view<const float, cpu> pixels,
                            variation scale, tensor_view<float, cpu> gradient,
                            tensor_view<double, cpu> sums) {
    const variation found = total_variation(ctx, pixels, scale, gradient);
    sums.data()[0] = found.horizontal;
    sums.data()[1] = found.vertical;
}
void total_variation(context<cuda>& ctx, tensor_view<const float, cuda> pixels, variation scale,
                     tensor_view<float, cuda> gradient, tensor_view<double, cuda> sums);

}  // namespace impasto::ops
