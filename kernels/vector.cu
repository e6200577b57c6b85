#include <impasto/ops/vector.hpp>

#include <algorithm>
#include <cstdint>

#include <impasto/ops/transfer.hpp>

#include "core/context_state.hpp"
#include "core/for_each.cuh"
#include "core/reduce.cuh"
#include "core/types.cuh"
#include "ops/checks.hpp"

namespace impasto::ops {

using kernels::for_each_index;

namespace {

struct larger_or_nan {
    __device__ double operator()(double a, double b) const { return a < b || b != b ? b : a; }
};

}  // namespace

template <class T, class Device>
void fill(context<Device>& ctx, float value, out_view<T, Device> x) {
    for_each_index(ctx.get().stream, x.size(), [=, px = x.data()] __device__(std::int64_t i) {
        px[i] = kernels::from_float<stored<T>>(value);
    });
}

template <class T, class Device>
void copy(context<Device>& ctx, in_view<T, Device> x, out_view<T, Device> y) {
    detail::expect_alike("copy", "output", x, y);
    kernels::check(
        cudaMemcpyAsync(y.data(), x.data(), x.bytes(), cudaMemcpyDeviceToDevice, ctx.get().stream));
}

template <class Device>
void scale(context<Device>& ctx, float a, out_view<float, Device> x) {
    for_each_index(ctx.get().stream, x.size(),
                   [=, px = x.data()] __device__(std::int64_t i) { px[i] *= a; });
}

template <class Device>
void axpy(context<Device>& ctx, float a, in_view<float, Device> x, out_view<float, Device> y) {
    detail::expect_alike("axpy", "output", x, y);
    for_each_index(
        ctx.get().stream, x.size(),
        [=, px = x.data(), py = y.data()] __device__(std::int64_t i) { py[i] += a * px[i]; });
}

template <class Device>
void add_scaled(context<Device>& ctx, in_view<float, Device> x, float a, in_view<float, Device> y,
                out_view<float, Device> z) {
    detail::expect_alike("add_scaled", "second input", x, y);
    detail::expect_alike("add_scaled", "output", x, z);
    for_each_index(ctx.get().stream, x.size(),
                   [=, px = x.data(), py = y.data(), pz = z.data()] __device__(std::int64_t i) {
                       pz[i] = px[i] + a * py[i];
                   });
}

template <class Device>
void lerp(context<Device>& ctx, in_view<float, Device> x, float weight, out_view<float, Device> y) {
    detail::expect_alike("lerp", "output", x, y);
    for_each_index(ctx.get().stream, x.size(),
                   [=, px = x.data(), py = y.data()] __device__(std::int64_t i) {
                       py[i] += weight * (px[i] - py[i]);
                   });
}

template <class Device>
void clamp(context<Device>& ctx, float low, float high, out_view<float, Device> x) {
    for_each_index(ctx.get().stream, x.size(), [=, px = x.data()] __device__(std::int64_t i) {
        const float raised = px[i] < low ? low : px[i];
        px[i] = raised > high ? high : raised;
    });
}

template <class Device>
void dot(context<Device>& ctx, in_view<float, Device> x, in_view<float, Device> y,
         out_view<double, Device> product) {
    detail::expect_alike("dot", "second input", x, y);
    auto& s = ctx.get();
    kernels::reduce(
        s.stream, x.size(), 1,
        [px = x.data(), py = y.data()] __device__(std::int64_t i, int) {
            return static_cast<double>(px[i]) * static_cast<double>(py[i]);
        },
        s.template scratch_as<double>(ctx, kernels::reduction_blocks(x.size())), product.data());
}

template <class Device>
void max_abs(context<Device>& ctx, in_view<float, Device> x, out_view<double, Device> largest) {
    auto& s = ctx.get();
    kernels::reduce(
        s.stream, x.size(), 1,
        [px = x.data()] __device__(std::int64_t i, int) {
            return fabs(static_cast<double>(px[i]));
        },
        s.template scratch_as<double>(ctx, kernels::reduction_blocks(x.size())), largest.data(),
        larger_or_nan{});
}

template <class Device>
void dots(context<Device>& ctx, in_view<float, Device> rows, in_view<float, Device> x,
          std::span<double> products) {
    detail::expect_rows("dots", x, products.size(), rows);
    auto& s = ctx.get();
    const std::int64_t n = x.size();
    for (std::size_t first = 0; first < products.size(); first += s.result_count) {
        const std::size_t count = std::min(s.result_count, products.size() - first);
        kernels::reduce(
            s.stream, n, static_cast<int>(count),
            [n, px = x.data(),
             part = rows.data() + static_cast<std::int64_t>(first) * n] __device__(std::int64_t i,
                                                                                   int row) {
                return static_cast<double>(part[row * n + i]) * static_cast<double>(px[i]);
            },
            s.template scratch_as<double>(
                ctx, static_cast<std::int64_t>(count) * kernels::reduction_blocks(n)),
            s.results);
        ctx.synchronize();
        std::copy_n(s.results, count, products.begin() + static_cast<std::ptrdiff_t>(first));
    }
}

template <class Device>
void combine(context<Device>& ctx, double a, in_view<float, Device> x,
             std::span<const double> coefficients, in_view<float, Device> rows,
             out_view<float, Device> y) {
    detail::expect_rows("combine", x, coefficients.size(), rows);
    detail::expect_alike("combine", "output", x, y);
    auto& s = ctx.get();
    const auto count = static_cast<std::int64_t>(coefficients.size());
    auto* k = s.template scratch_as<double>(ctx, count);
    detail::copy_to_device(ctx, coefficients.data(), k, coefficients.size_bytes());
    for_each_index(s.stream, x.size(),
                   [=, n = x.size(), px = x.data(), r = rows.data(),
                    py = y.data()] __device__(std::int64_t i) {
                       double sum = a * static_cast<double>(px[i]);
                       for (std::int64_t row = 0; row < count; ++row)
                           sum += k[row] * static_cast<double>(r[row * n + i]);
                       py[i] = static_cast<float>(sum);
                   });
}

template <class Device>
void momentum_update(context<Device>& ctx, in_view<float, Device> gradient, momentum_coefficients k,
                     out_view<float, Device> velocity, out_view<float, Device> x) {
    detail::expect_alike("momentum_update", "velocity", gradient, velocity);
    detail::expect_alike("momentum_update", "x", gradient, x);
    for_each_index(
        ctx.get().stream, x.size(),
        [k, g = gradient.data(), v = velocity.data(), px = x.data()] __device__(std::int64_t i) {
            v[i] = k.momentum * v[i] + g[i];
            px[i] -= k.learning_rate * v[i];
        });
}

template <class Device>
void adam_update(context<Device>& ctx, in_view<float, Device> gradient, adam_coefficients k,
                 out_view<float, Device> m, out_view<float, Device> v, out_view<float, Device> x) {
    detail::expect_alike("adam_update", "m", gradient, m);
    detail::expect_alike("adam_update", "v", gradient, v);
    detail::expect_alike("adam_update", "x", gradient, x);
    for_each_index(ctx.get().stream, x.size(),
                   [k, g = gradient.data(), pm = m.data(), pv = v.data(),
                    px = x.data()] __device__(std::int64_t i) {
                       pm[i] = k.beta1 * pm[i] + (1 - k.beta1) * g[i];
                       pv[i] = k.beta2 * pv[i] + (1 - k.beta2) * g[i] * g[i];
                       px[i] -= k.learning_rate * k.correction1 * pm[i] /
                                (sqrtf(k.correction2 * pv[i]) + k.epsilon);
                   });
}

template <class Device>
double* detail::result_slots(context<Device>& ctx) {
    return ctx.get().results;
}

template decltype(fill<float, cuda>) fill<float, cuda>;
template decltype(fill<tf32, cuda>) fill<tf32, cuda>;
template decltype(fill<half, cuda>) fill<half, cuda>;
template decltype(fill<bfloat16, cuda>) fill<bfloat16, cuda>;
template decltype(copy<float, cuda>) copy<float, cuda>;
template decltype(copy<tf32, cuda>) copy<tf32, cuda>;
template decltype(copy<half, cuda>) copy<half, cuda>;
template decltype(copy<bfloat16, cuda>) copy<bfloat16, cuda>;
template decltype(scale<cuda>) scale<cuda>;
template decltype(axpy<cuda>) axpy<cuda>;
template decltype(add_scaled<cuda>) add_scaled<cuda>;
template decltype(lerp<cuda>) lerp<cuda>;
template decltype(clamp<cuda>) clamp<cuda>;
template void dot(context<cuda>&, in_view<float, cuda>, in_view<float, cuda>,
                  out_view<double, cuda>);
template void max_abs(context<cuda>&, in_view<float, cuda>, out_view<double, cuda>);
template decltype(dots<cuda>) dots<cuda>;
template decltype(combine<cuda>) combine<cuda>;
template decltype(momentum_update<cuda>) momentum_update<cuda>;
template decltype(adam_update<cuda>) adam_update<cuda>;
template decltype(detail::result_slots<cuda>) detail::result_slots<cuda>;

}  // namespace impasto::ops
