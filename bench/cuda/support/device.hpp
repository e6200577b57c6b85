#pragma once

#include <concepts>
#include <cstdint>

#include <impasto/core/context.hpp>
#include <impasto/core/element.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/ops/vector.hpp>

namespace impasto::bench {

template <class T>
inline constexpr const char* type_name = "float32";
template <>
inline constexpr const char* type_name<tf32> = "tf32";
template <>
inline constexpr const char* type_name<half> = "float16";
template <>
inline constexpr const char* type_name<bfloat16> = "bfloat16";

/// The GPU that main has found.
[[nodiscard]] context<cuda>& device();

[[nodiscard]] inline tensor<float, cuda> random_pixels(context<cuda>& ctx, const shape& s,
                                                       std::uint64_t seed = 1) {
    tensor<float, cuda> x(s);
    ops::fill_uniform(ctx, seed, 0, 1, x);
    return x;
}

/// A map in nhwc, uniform in [-1, 1].
template <class T>
[[nodiscard]] tensor<stored<T>, cuda> random_map(context<cuda>& ctx, const shape& s,
                                                 std::uint64_t seed = 1) {
    tensor<float, cuda> planar(s);
    ops::fill_uniform(ctx, seed, -1, 1, planar);
    tensor<stored<T>, cuda> x(s, layout::nhwc);
    ops::reorder<float, T>(ctx, planar, x);
    ctx.synchronize();  // planar goes
    return x;
}

/// Largest |a − b| over largest |a|, of maps in nhwc.
template <class T>
[[nodiscard]] double difference(context<cuda>& ctx, tensor_view<const stored<T>, cuda> a,
                                tensor_view<const stored<T>, cuda> b) {
    tensor<float, cuda> x(a.shape()), y(b.shape());
    ops::reorder<T>(ctx, a, x);
    ops::reorder<T>(ctx, b, y);
    const float largest = ops::max_abs(ctx, x);
    ops::axpy(ctx, -1, x, y);
    return static_cast<double>(ops::max_abs(ctx, y) / largest);
}

}  // namespace impasto::bench
