#include <impasto/ops/vector.hpp>

#include <algorithm>
#include <cstdint>

#include <impasto/ops/transfer.hpp>

#include "core/context_state.hpp"
#include "core/for_each.cuh"
#include "core/reduce.cuh"
#include "core/types.cuh"

namespace impasto::ops {

using kernels::for_each_index;

namespace {

using input = tensor_view<const float, cuda>;
using output = tensor_view<float, cuda>;

struct larger_or_nan {
    __device__ double operator()(double a, double b) const { return a < b || b != b ? b : a; }
};

void expect_alike(const char* operation, const char* what, input expected, input found) {
    expect_shape(operation, what, expected.shape(), found.shape());
    expect_layout(operation, what, expected.layout(), found.layout());
}

void expect_rows(const char* operation, input x, std::size_t count, input rows) {
    shape stacked = x.shape();
    stacked.n = checked_multiply(stacked.n, static_cast<std::int64_t>(count));
    expect_alike(operation, "rows", {nullptr, stacked, x.layout()}, rows);
}

template <class T>
void fill_any(context<cuda>& ctx, float value, tensor_view<T, cuda> x) {
    for_each_index(ctx.get().stream, x.size(), [=, px = x.data()] __device__(std::int64_t i) {
        px[i] = kernels::from_float<T>(value);
    });
}

template <class T>
void copy_any(context<cuda>& ctx, tensor_view<const T, cuda> x, tensor_view<T, cuda> y) {
    expect_shape("copy", "output", x.shape(), y.shape());
    expect_layout("copy", "output", x.layout(), y.layout());
    kernels::check(
        cudaMemcpyAsync(y.data(), x.data(), x.bytes(), cudaMemcpyDeviceToDevice, ctx.get().stream));
}

}  // namespace

void fill(context<cuda>& ctx, float value, output x) {
    fill_any(ctx, value, x);
}
void fill(context<cuda>& ctx, float value, tensor_view<half, cuda> x) {
    fill_any(ctx, value, x);
}
void fill(context<cuda>& ctx, float value, tensor_view<bfloat16, cuda> x) {
    fill_any(ctx, value, x);
}

void copy(context<cuda>& ctx, input x, output y) {
    copy_any(ctx, x, y);
}
void copy(context<cuda>& ctx, tensor_view<const half, cuda> x, tensor_view<half, cuda> y) {
    copy_any(ctx, x, y);
}
void copy(context<cuda>& ctx, tensor_view<const bfloat16, cuda> x, tensor_view<bfloat16, cuda> y) {
    copy_any(ctx, x, y);
}

void scale(context<cuda>& ctx, float a, output x) {
    for_each_index(ctx.get().stream, x.size(),
                   [=, px = x.data()] __device__(std::int64_t i) { px[i] *= a; });
}

void axpy(context<cuda>& ctx, float a, input x, output y) {
    expect_alike("axpy", "output", x, y);
    for_each_index(
        ctx.get().stream, x.size(),
        [=, px = x.data(), py = y.data()] __device__(std::int64_t i) { py[i] += a * px[i]; });
}

void add_scaled(context<cuda>& ctx, input x, float a, input y, output z) {
    expect_alike("add_scaled", "second input", x, y);
    expect_alike("add_scaled", "output", x, z);
    for_each_index(ctx.get().stream, x.size(),
                   [=, px = x.data(), py = y.data(), pz = z.data()] __device__(std::int64_t i) {
                       pz[i] = px[i] + a * py[i];
                   });
}

void lerp(context<cuda>& ctx, input x, float weight, output y) {
    expect_alike("lerp", "output", x, y);
    for_each_index(ctx.get().stream, x.size(),
                   [=, px = x.data(), py = y.data()] __device__(std::int64_t i) {
                       py[i] += weight * (px[i] - py[i]);
                   });
}

void clamp(context<cuda>& ctx, float low, float high, output x) {
    for_each_index(ctx.get().stream, x.size(), [=, px = x.data()] __device__(std::int64_t i) {
        const float raised = px[i] < low ? low : px[i];
        px[i] = raised > high ? high : raised;
    });
}

void dot(context<cuda>& ctx, input x, input y, tensor_view<double, cuda> product) {
    expect_alike("dot", "second input", x, y);
    auto& s = ctx.get();
    kernels::reduce(
        s.stream, x.size(), 1,
        [px = x.data(), py = y.data()] __device__(std::int64_t i, int) {
            return static_cast<double>(px[i]) * static_cast<double>(py[i]);
        },
        s.scratch_as<double>(ctx, kernels::reduction_blocks(x.size())), product.data());
}

void max_abs(context<cuda>& ctx, input x, tensor_view<double, cuda> largest) {
    auto& s = ctx.get();
    kernels::reduce(
        s.stream, x.size(), 1,
        [px = x.data()] __device__(std::int64_t i, int) {
            return fabs(static_cast<double>(px[i]));
        },
        s.scratch_as<double>(ctx, kernels::reduction_blocks(x.size())), largest.data(),
        larger_or_nan{});
}

double dot(context<cuda>& ctx, input x, input y) {
    dot(ctx, x, y, {ctx.get().results, {1, 1, 1, 1}});
    ctx.synchronize();
    return ctx.get().results[0];
}

float max_abs(context<cuda>& ctx, input x) {
    max_abs(ctx, x, {ctx.get().results, {1, 1, 1, 1}});
    ctx.synchronize();
    return static_cast<float>(ctx.get().results[0]);
}

void dots(context<cuda>& ctx, input rows, input x, std::span<double> products) {
    expect_rows("dots", x, products.size(), rows);
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
            s.scratch_as<double>(ctx,
                                 static_cast<std::int64_t>(count) * kernels::reduction_blocks(n)),
            s.results);
        ctx.synchronize();
        std::copy_n(s.results, count, products.begin() + static_cast<std::ptrdiff_t>(first));
    }
}

void combine(context<cuda>& ctx, double a, input x, std::span<const double> coefficients,
             input rows, output y) {
    expect_rows("combine", x, coefficients.size(), rows);
    expect_alike("combine", "output", x, y);
    auto& s = ctx.get();
    const auto count = static_cast<std::int64_t>(coefficients.size());
    auto* k = s.scratch_as<double>(ctx, count);
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

void momentum_update(context<cuda>& ctx, input gradient, momentum_coefficients k, output velocity,
                     output x) {
    expect_alike("momentum_update", "velocity", gradient, velocity);
    expect_alike("momentum_update", "x", gradient, x);
    for_each_index(
        ctx.get().stream, x.size(),
        [k, g = gradient.data(), v = velocity.data(), px = x.data()] __device__(std::int64_t i) {
            v[i] = k.momentum * v[i] + g[i];
            px[i] -= k.learning_rate * v[i];
        });
}

void adam_update(context<cuda>& ctx, input gradient, adam_coefficients k, output m, output v,
                 output x) {
    expect_alike("adam_update", "m", gradient, m);
    expect_alike("adam_update", "v", gradient, v);
    expect_alike("adam_update", "x", gradient, x);
    for_each_index(ctx.get().stream, x.size(),
                   [k, g = gradient.data(), pm = m.data(), pv = v.data(),
                    px = x.data()] __device__(std::int64_t i) {
                       pm[i] = k.beta1 * pm[i] + (1 - k.beta1) * g[i];
                       pv[i] = k.beta2 * pv[i] + (1 - k.beta2) * g[i] * g[i];
                       px[i] -= k.learning_rate * k.correction1 * pm[i] /
                                (sqrtf(k.correction2 * pv[i]) + k.epsilon);
                   });
}

}  // namespace impasto::ops
