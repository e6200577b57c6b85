#pragma once

#include <span>

#include <impasto/ops/scalars.hpp>
#include <impasto/ops/views.hpp>

/// Operations on tensors as plain vectors, of floats but for fill and copy: every element in
/// memory, padding included, whatever its place. All views of one call have the same extents and
/// layout, or the call throws shape_error. Reductions accumulate in double over chunks that depend
/// on the size alone: their result is the same for every number of threads.
namespace impasto::ops {

template <class T = float, class Device>
void fill(context<Device>& ctx, float value, out_view<T, Device> x);

template <class T = float, class Device>
void copy(context<Device>& ctx, in_view<T, Device> x, out_view<T, Device> y);

/// x ← a·x
template <class Device>
void scale(context<Device>& ctx, float a, out_view<float, Device> x);

/// y ← y + a·x
template <class Device>
void axpy(context<Device>& ctx, float a, in_view<float, Device> x, out_view<float, Device> y);

/// z ← x + a·y; z may be x or y.
template <class Device>
void add_scaled(context<Device>& ctx, in_view<float, Device> x, float a, in_view<float, Device> y,
                out_view<float, Device> z);

/// y ← y + weight·(x − y): one step of an exponential moving average.
template <class Device>
void lerp(context<Device>& ctx, in_view<float, Device> x, float weight, out_view<float, Device> y);

/// x ← min(max(x, low), high); a NaN stays.
template <class Device>
void clamp(context<Device>& ctx, float low, float high, out_view<float, Device> x);

/// product: [1,1,1,1], see ops::scalars.
template <class Device>
void dot(context<Device>& ctx, in_view<float, Device> x, in_view<float, Device> y,
         out_view<double, Device> product);

/// largest: the largest |x|; NaN where x holds one, 0 where x is empty.
template <class Device>
void max_abs(context<Device>& ctx, in_view<float, Device> x, out_view<double, Device> largest);

/// The same two, waited for.
template <class Device>
[[nodiscard]] double dot(context<Device>& ctx, in_view<float, Device> x, in_view<float, Device> y) {
    return detail::waited_for(ctx, [&](auto product) { dot(ctx, x, y, product); });
}
template <class Device>
[[nodiscard]] float max_abs(context<Device>& ctx, in_view<float, Device> x) {
    return static_cast<float>(
        detail::waited_for(ctx, [&](auto largest) { max_abs(ctx, x, largest); }));
}

/// products[i] = rows[i]·x, all in one pass.
/// x: [n,c,h,w]; rows: [k·n,c,h,w], with one product for each of the k.
template <class Device>
void dots(context<Device>& ctx, in_view<float, Device> rows, in_view<float, Device> x,
          std::span<double> products);

/// y ← a·x + Σ coefficients[i]·rows[i], each element summed in double.
/// Shapes as in dots; y may be x.
template <class Device>
void combine(context<Device>& ctx, double a, in_view<float, Device> x,
             std::span<const double> coefficients, in_view<float, Device> rows,
             out_view<float, Device> y);

struct momentum_coefficients {
    float learning_rate;
    float momentum;
};

/// velocity ← momentum·velocity + gradient; x ← x − learning_rate·velocity.
template <class Device>
void momentum_update(context<Device>& ctx, in_view<float, Device> gradient,
                     momentum_coefficients coefficients, out_view<float, Device> velocity,
                     out_view<float, Device> x);

/// The corrections are 1 / (1 − βᵗ), which undo the start of both moments at zero.
struct adam_coefficients {
    float learning_rate;
    float beta1;
    float beta2;
    float epsilon;
    float correction1;
    float correction2;
};

/// m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; x ← x − learning_rate·m̂ / (√v̂ + ε).
/// Source: Kingma & Ba 2015, algorithm 1.
template <class Device>
void adam_update(context<Device>& ctx, in_view<float, Device> gradient,
                 adam_coefficients coefficients, out_view<float, Device> m,
                 out_view<float, Device> v, out_view<float, Device> x);

}  // namespace impasto::ops
