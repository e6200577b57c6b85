#pragma once

#include <impasto/ops/scalars.hpp>
#include <impasto/ops/views.hpp>

/// Losses, each in two forms: one leaves its sum in a slot (ops::scalars), for loops whose host is
/// not to wait; the other waits and returns it.
namespace impasto::ops {

/// sum: Σ(features − target)² over all elements, and gradient += scale · 2 · (features − target),
/// in one pass. All [1,C,H,W] in one layout; sum: [1,1,1,1]. A gradient that is empty is left out.
template <class T = float, class Device>
void squared_error(context<Device>& ctx, in_view<T, Device> features, in_view<T, Device> target,
                   double scale, out_view<T, Device> gradient, out_view<double, Device> sum);

template <class T = float, class Device>
[[nodiscard]] double squared_error(context<Device>& ctx, in_view<T, Device> features,
                                   in_view<T, Device> target, double scale,
                                   out_view<T, Device> gradient) {
    return detail::waited_for(
        ctx, [&](auto sum) { squared_error<T>(ctx, features, target, scale, gradient, sum); });
}

struct variation {
    double horizontal = 0;  ///< Σ(right − here)²
    double vertical = 0;    ///< Σ(below − here)²
    bool inner = false;     ///< without the differences along the last row and the last column
};

/// Both sums over planar pixels [N,C,H,W], and gradient += the derivative of
/// scale.horizontal · horizontal + scale.vertical · vertical. An empty gradient is left out. sums:
/// [1,1,1,2], horizontal and vertical.
/// Source: the squared form of Mahendran & Vedaldi 2015, eq. 4 (β = 2).
template <class Device>
void total_variation(context<Device>& ctx, in_view<float, Device> pixels, variation scale,
                     out_view<float, Device> gradient, out_view<double, Device> sums);

template <class Device>
[[nodiscard]] variation total_variation(context<Device>& ctx, in_view<float, Device> pixels,
                                        variation scale, out_view<float, Device> gradient) {
    const auto sums = detail::result_slots(ctx);
    total_variation(ctx, pixels, scale, gradient, {sums, {1, 1, 1, 2}});
    detail::wait(ctx);
    return {sums[0], sums[1]};
}

}  // namespace impasto::ops
