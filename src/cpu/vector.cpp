#include <impasto/ops/vector.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "cpu/context_state.hpp"
#include "cpu/parallel.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

/// The chunks of a reduction over n elements, at most `most` of them.
struct chunks {
    static constexpr std::int64_t most = 256;

    explicit chunks(std::int64_t elements)
        : n(elements), length(std::max<std::int64_t>(4096, (elements + most - 1) / most)) {}

    [[nodiscard]] std::int64_t count() const { return (n + length - 1) / length; }
    [[nodiscard]] std::int64_t begin(std::int64_t k) const { return k * length; }
    [[nodiscard]] std::int64_t size(std::int64_t k) const { return std::min(length, n - begin(k)); }
    [[nodiscard]] int threads(const context<cpu>& ctx) const {
        return n < parallel_from ? 1 : ctx.threads();
    }

    std::int64_t n;
    std::int64_t length;
};

double dot_of_chunk(const float* x, const float* y, std::int64_t n) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < n; ++i)
        sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
    return sum;
}

/// |x| as an integer: the same order, with infinity above every number and NaN above infinity.
std::int32_t magnitude_bits(float x) {
    return std::bit_cast<std::int32_t>(x) & 0x7fffffff;
}

std::int32_t max_of_chunk(const float* x, std::int64_t n) {
    std::int32_t largest = 0;
#pragma omp simd reduction(max : largest)
    for (std::int64_t i = 0; i < n; ++i)
        largest = std::max(largest, magnitude_bits(x[i]));
    return largest;
}

}  // namespace

template <class T, class Device>
void fill(context<Device>& ctx, float value, out_view<T, Device> x) {
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) { px[i] = value; });
}

template <class T, class Device>
void copy(context<Device>& ctx, in_view<T, Device> x, out_view<T, Device> y) {
    detail::expect_alike("copy", "output", x, y);
    for_each_index(ctx, x.size(),
                   [px = x.data(), py = y.data()](std::int64_t i) { py[i] = px[i]; });
}

template <class Device>
void scale(context<Device>& ctx, float a, out_view<float, Device> x) {
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) { px[i] *= a; });
}

template <class Device>
void axpy(context<Device>& ctx, float a, in_view<float, Device> x, out_view<float, Device> y) {
    detail::expect_alike("axpy", "output", x, y);
    for_each_index(ctx, x.size(),
                   [=, px = x.data(), py = y.data()](std::int64_t i) { py[i] += a * px[i]; });
}

template <class Device>
void add_scaled(context<Device>& ctx, in_view<float, Device> x, float a, in_view<float, Device> y,
                out_view<float, Device> z) {
    detail::expect_alike("add_scaled", "second input", x, y);
    detail::expect_alike("add_scaled", "output", x, z);
    for_each_index(ctx, x.size(), [=, px = x.data(), py = y.data(), pz = z.data()](std::int64_t i) {
        pz[i] = px[i] + a * py[i];
    });
}

template <class Device>
void lerp(context<Device>& ctx, in_view<float, Device> x, float weight, out_view<float, Device> y) {
    detail::expect_alike("lerp", "output", x, y);
    for_each_index(ctx, x.size(), [=, px = x.data(), py = y.data()](std::int64_t i) {
        py[i] += weight * (px[i] - py[i]);
    });
}

template <class Device>
void clamp(context<Device>& ctx, float low, float high, out_view<float, Device> x) {
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) {
        const float raised = px[i] < low ? low : px[i];
        px[i] = raised > high ? high : raised;
    });
}

template <class Device>
void dot(context<Device>& ctx, in_view<float, Device> x, in_view<float, Device> y,
         out_view<double, Device> product) {
    detail::expect_alike("dot", "second input", x, y);
    const chunks parts(x.size());
    std::array<double, chunks::most> partial;
#pragma omp parallel for num_threads(parts.threads(ctx)) schedule(static)
    for (std::int64_t k = 0; k < parts.count(); ++k)
        partial[k] =
            dot_of_chunk(x.data() + parts.begin(k), y.data() + parts.begin(k), parts.size(k));
    *product.data() = std::accumulate(partial.begin(), partial.begin() + parts.count(), 0.0);
}

template <class Device>
void max_abs(context<Device>& ctx, in_view<float, Device> x, out_view<double, Device> largest) {
    const chunks parts(x.size());
    std::int32_t bits = 0;
#pragma omp parallel for num_threads(parts.threads(ctx)) schedule(static) reduction(max : bits)
    for (std::int64_t k = 0; k < parts.count(); ++k)
        bits = std::max(bits, max_of_chunk(x.data() + parts.begin(k), parts.size(k)));
    *largest.data() = static_cast<double>(std::bit_cast<float>(bits));
}

template <class Device>
void dots(context<Device>& ctx, in_view<float, Device> rows, in_view<float, Device> x,
          std::span<double> products) {
    detail::expect_rows("dots", x, products.size(), rows);
    constexpr std::int64_t most_rows = 8;  // of one pass over x; more would strain the stack
    const chunks parts(x.size());
    std::array<std::array<double, most_rows>, chunks::most> partial;

    const auto row_count = static_cast<std::int64_t>(products.size());
    for (std::int64_t first = 0; first < row_count; first += most_rows) {
        const std::int64_t count = std::min(most_rows, row_count - first);
#pragma omp parallel for num_threads(parts.threads(ctx)) schedule(static)
        for (std::int64_t k = 0; k < parts.count(); ++k)
            for (std::int64_t r = 0; r < count; ++r)
                partial[k][r] = dot_of_chunk(rows.data() + (first + r) * parts.n + parts.begin(k),
                                             x.data() + parts.begin(k), parts.size(k));
        for (std::int64_t r = 0; r < count; ++r) {
            products[first + r] = 0;
            for (std::int64_t k = 0; k < parts.count(); ++k)
                products[first + r] += partial[k][r];
        }
    }
}

template <class Device>
void combine(context<Device>& ctx, double a, in_view<float, Device> x,
             std::span<const double> coefficients, in_view<float, Device> rows,
             out_view<float, Device> y) {
    detail::expect_rows("combine", x, coefficients.size(), rows);
    detail::expect_alike("combine", "output", x, y);
    constexpr std::int64_t block = 1024;  // sums of a block stay in the first-level cache
    const std::int64_t n = x.size();
#pragma omp parallel for num_threads(n < parallel_from ? 1 : ctx.threads()) schedule(static)
    for (std::int64_t begin = 0; begin < n; begin += block) {
        const std::int64_t count = std::min(block, n - begin);
        std::array<double, block> sum;
        for (std::int64_t i = 0; i < count; ++i)
            sum[i] = a * static_cast<double>(x.data()[begin + i]);
        for (std::size_t r = 0; r < coefficients.size(); ++r) {
            const float* row = rows.data() + static_cast<std::int64_t>(r) * n + begin;
            for (std::int64_t i = 0; i < count; ++i)
                sum[i] += coefficients[r] * static_cast<double>(row[i]);
        }
        for (std::int64_t i = 0; i < count; ++i)
            y.data()[begin + i] = static_cast<float>(sum[i]);
    }
}

template <class Device>
void momentum_update(context<Device>& ctx, in_view<float, Device> gradient,
                     momentum_coefficients coefficients, out_view<float, Device> velocity,
                     out_view<float, Device> x) {
    detail::expect_alike("momentum_update", "velocity", gradient, velocity);
    detail::expect_alike("momentum_update", "x", gradient, x);
    for_each_index(ctx, x.size(),
                   [k = coefficients, g = gradient.data(), v = velocity.data(),
                    px = x.data()](std::int64_t i) {
                       v[i] = k.momentum * v[i] + g[i];
                       px[i] -= k.learning_rate * v[i];
                   });
}

template <class Device>
void adam_update(context<Device>& ctx, in_view<float, Device> gradient,
                 adam_coefficients coefficients, out_view<float, Device> m,
                 out_view<float, Device> v, out_view<float, Device> x) {
    detail::expect_alike("adam_update", "m", gradient, m);
    detail::expect_alike("adam_update", "v", gradient, v);
    detail::expect_alike("adam_update", "x", gradient, x);
    for_each_index(ctx, x.size(),
                   [k = coefficients, g = gradient.data(), pm = m.data(), pv = v.data(),
                    px = x.data()](std::int64_t i) {
                       pm[i] = k.beta1 * pm[i] + (1 - k.beta1) * g[i];
                       pv[i] = k.beta2 * pv[i] + (1 - k.beta2) * g[i] * g[i];
                       px[i] -= k.learning_rate * k.correction1 * pm[i] /
                                (std::sqrt(k.correction2 * pv[i]) + k.epsilon);
                   });
}

template <class Device>
double* detail::result_slots(context<Device>& ctx) {
    return ctx.get().results;
}

template decltype(fill<float, cpu>) fill<float, cpu>;
template decltype(copy<float, cpu>) copy<float, cpu>;
template decltype(scale<cpu>) scale<cpu>;
template decltype(axpy<cpu>) axpy<cpu>;
template decltype(add_scaled<cpu>) add_scaled<cpu>;
template decltype(lerp<cpu>) lerp<cpu>;
template decltype(clamp<cpu>) clamp<cpu>;
template void dot(context<cpu>&, in_view<float, cpu>, in_view<float, cpu>, out_view<double, cpu>);
template void max_abs(context<cpu>&, in_view<float, cpu>, out_view<double, cpu>);
template decltype(dots<cpu>) dots<cpu>;
template decltype(combine<cpu>) combine<cpu>;
template decltype(momentum_update<cpu>) momentum_update<cpu>;
template decltype(adam_update<cpu>) adam_update<cpu>;
template decltype(detail::result_slots<cpu>) detail::result_slots<cpu>;

}  // namespace impasto::ops
