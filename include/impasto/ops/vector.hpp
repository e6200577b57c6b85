#pragma once

#include <span>

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

/// Operations on tensors as plain vectors: every element in memory, padding included, whatever its
/// place. All views of one call have the same extents and layout, or the call throws shape_error.
/// Reductions accumulate in double over chunks that depend on the size alone: their result is the
/// same for every number of threads.
namespace impasto::ops {

void fill(context<cpu>& ctx, float value, tensor_view<float, cpu> x);

void copy(context<cpu>& ctx, tensor_view<const float, cpu> x, tensor_view<float, cpu> y);

/// x ← a·x
void scale(context<cpu>& ctx, float a, tensor_view<float, cpu> x);

/// y ← y + a·x
void axpy(context<cpu>& ctx, float a, tensor_view<const float, cpu> x, tensor_view<float, cpu> y);

/// z ← x + a·y; z may be x or y.
void add_scaled(context<cpu>& ctx, tensor_view<const float, cpu> x, float a,
                tensor_view<const float, cpu> y, tensor_view<float, cpu> z);

/// y ← y + weight·(x − y): one step of an exponential moving average.
void lerp(context<cpu>& ctx, tensor_view<const float, cpu> x, float weight,
          tensor_view<float, cpu> y);

/// x ← min(max(x, low), high); a NaN stays.
void clamp(context<cpu>& ctx, float low, float high, tensor_view<float, cpu> x);

[[nodiscard]] double dot(context<cpu>& ctx, tensor_view<const float, cpu> x,
                         tensor_view<const float, cpu> y);

/// Largest |x|; NaN where x holds one, 0 where x is empty.
[[nodiscard]] float max_abs(context<cpu>& ctx, tensor_view<const float, cpu> x);

/// The same two, left in a slot (ops::scalars) for loops whose host is not to wait.
inline void dot(context<cpu>& ctx, tensor_view<const float, cpu> x, tensor_view<const float, cpu> y,
                tensor_view<double, cpu> product) {
    *product.data() = dot(ctx, x, y);
}
inline void max_abs(context<cpu>& ctx, tensor_view<const float, cpu> x,
                    tensor_view<double, cpu> largest) {
    *largest.data() = static_cast<double>(max_abs(ctx, x));
}

/// products[i] = rows[i]·x, all in one pass.
/// x: [n,c,h,w]; rows: [k·n,c,h,w], with one product for each of the k.
void dots(context<cpu>& ctx, tensor_view<const float, cpu> rows, tensor_view<const float, cpu> x,
          std::span<double> products);

/// y ← a·x + Σ coefficients[i]·rows[i], each element summed in double.
/// Shapes as in dots; y may be x.
void combine(context<cpu>& ctx, double a, tensor_view<const float, cpu> x,
             std::span<const double> coefficients, tensor_view<const float, cpu> rows,
             tensor_view<float, cpu> y);

struct momentum_coefficients {
    float learning_rate;
    float momentum;
};

/// velocity ← momentum·velocity + gradient; x ← x − learning_rate·velocity.
void momentum_update(context<cpu>& ctx, tensor_view<const float, cpu> gradient,
                     momentum_coefficients coefficients, tensor_view<float, cpu> velocity,
                     tensor_view<float, cpu> x);

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
void adam_update(context<cpu>& ctx, tensor_view<const float, cpu> gradient,
                 adam_coefficients coefficients, tensor_view<float, cpu> m,
                 tensor_view<float, cpu> v, tensor_view<float, cpu> x);

// ---- The same on a GPU; fill and copy also for feature maps in half and bfloat16 ----------------

void fill(context<cuda>& ctx, float value, tensor_view<float, cuda> x);
void fill(context<cuda>& ctx, float value, tensor_view<half, cuda> x);
void fill(context<cuda>& ctx, float value, tensor_view<bfloat16, cuda> x);
void copy(context<cuda>& ctx, tensor_view<const float, cuda> x, tensor_view<float, cuda> y);
void copy(context<cuda>& ctx, tensor_view<const half, cuda> x, tensor_view<half, cuda> y);
void copy(context<cuda>& ctx, tensor_view<const bfloat16, cuda> x, tensor_view<bfloat16, cuda> y);
void scale(context<cuda>& ctx, float a, tensor_view<float, cuda> x);
void axpy(context<cuda>& ctx, float a, tensor_view<const float, cuda> x,
          tensor_view<float, cuda> y);
void add_scaled(context<cuda>& ctx, tensor_view<const float, cuda> x, float a,
                tensor_view<const float, cuda> y, tensor_view<float, cuda> z);
void lerp(context<cuda>& ctx, tensor_view<const float, cuda> x, float weight,
          tensor_view<float, cuda> y);
void clamp(context<cuda>& ctx, float low, float high, tensor_view<float, cuda> x);
[[nodiscard]] double dot(context<cuda>& ctx, tensor_view<const float, cuda> x,
                         tensor_view<const float, cuda> y);
[[nodiscard]] float max_abs(context<cuda>& ctx, tensor_view<const float, cuda> x);
void dot(context<cuda>& ctx, tensor_view<const float, cuda> x, tensor_view<const float, cuda> y,
         tensor_view<double, cuda> product);
void max_abs(context<cuda>& ctx, tensor_view<const float, cuda> x,
             tensor_view<double, cuda> largest);
void dots(context<cuda>& ctx, tensor_view<const float, cuda> rows, tensor_view<const float, cuda> x,
          std::span<double> products);
void combine(context<cuda>& ctx, double a, tensor_view<const float, cuda> x,
             std::span<const double> coefficients, tensor_view<const float, cuda> rows,
             tensor_view<float, cuda> y);
void momentum_update(context<cuda>& ctx, tensor_view<const float, cuda> gradient,
                     momentum_coefficients coefficients, tensor_view<float, cuda> velocity,
                     tensor_view<float, cuda> x);
void adam_update(context<cuda>& ctx, tensor_view<const float, cuda> gradient,
                 adam_coefficients coefficients, tensor_view<float, cuda> m,
                 tensor_view<float, cuda> v, tensor_view<float, cuda> x);

}  // namespace impasto::ops
