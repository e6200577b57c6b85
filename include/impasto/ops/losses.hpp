#pragma once

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::ops {

/// Σ(features − target)² over all elements, and gradient += scale · 2 · (features − target), in one
/// pass. All [1,C,H,W] in one layout. A gradient that is empty is left out.
[[nodiscard]] double squared_error(context<cpu>& ctx, tensor_view<const float, cpu> features,
                                   tensor_view<const float, cpu> target, double scale,
                                   tensor_view<float, cpu> gradient);

struct variation {
    double horizontal = 0;  ///< Σ(right − here)²
    double vertical = 0;    ///< Σ(below − here)²
};

/// Both sums over planar pixels [N,C,H,W], and gradient += the derivative of
/// scale.horizontal · horizontal + scale.vertical · vertical. An empty gradient is left out.
/// Source: the squared form of Mahendran & Vedaldi 2015, eq. 4 (β = 2).
[[nodiscard]] variation total_variation(context<cpu>& ctx, tensor_view<const float, cpu> pixels,
                                        variation scale, tensor_view<float, cpu> gradient);

}  // namespace impasto::ops
