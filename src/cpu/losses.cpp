#include <impasto/ops/losses.hpp>

#include <algorithm>
#include <vector>

#include "cpu/context_state.hpp"
#include "cpu/simd.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

// Sums are formed over fixed runs, then over the runs in order: the same for any number of threads.
constexpr std::int64_t run_length = 1 << 14;

IMPASTO_MULTIVERSION double squared_error_run(const float* a, const float* b, std::int64_t count,
                                              float factor, float* gradient) {
    double sum = 0;
    constexpr std::int64_t step = 256;  // short float sums, gathered in double
    for (std::int64_t i = 0; i < count; i += step) {
        float part[16] = {};
        const auto end = std::min(count, i + step);
        for (auto j = i; j < end; ++j) {
            const float d = a[j] - b[j];
            part[j % 16] += d * d;
            if (gradient != nullptr)
                gradient[j] += factor * d;
        }
        for (float p : part)
            sum += p;
    }
    return sum;
}

}  // namespace

template <class T, class Device>
void squared_error(context<Device>& ctx, in_view<T, Device> features, in_view<T, Device> target,
                   double scale, out_view<T, Device> gradient, out_view<double, Device> sum) {
    detail::expect_squared_error(features, target, gradient, sum);
    const auto count = features.size();
    const auto runs = (count + run_length - 1) / run_length;
    double* sums = ctx.get().template scratch_as<double>(ctx, runs);
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t r = 0; r < runs; ++r) {
        const auto at = r * run_length;
        sums[r] = squared_error_run(features.data() + at, target.data() + at,
                                    std::min(run_length, count - at), static_cast<float>(2 * scale),
                                    gradient.empty() ? nullptr : gradient.data() + at);
    }
    double total = 0;
    for (std::int64_t r = 0; r < runs; ++r)
        total += sums[r];
    *sum.data() = total;
}

template <class Device>
void total_variation(context<Device>& ctx, in_view<float, Device> pixels, variation scale,
                     out_view<float, Device> gradient, out_view<double, Device> sums) {
    detail::expect_total_variation(pixels, gradient, sums);
    const auto h = pixels.shape().h, w = pixels.shape().w;
    const auto rows = pixels.shape().n * pixels.shape().c * h;
    const auto across = static_cast<float>(2 * scale.horizontal);
    const auto down = static_cast<float>(2 * scale.vertical);
    const auto down_columns = scale.inner ? w - 1 : w;
    auto* of_rows = ctx.get().template scratch_as<variation>(ctx, rows);
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t row = 0; row < rows; ++row) {
        const float* here = pixels.data() + row * w;
        const float* above = row % h > 0 ? here - w : here;
        const float* below = row % h < h - 1 ? here + w : here;
        const auto across_columns = scale.inner && row % h == h - 1 ? 0 : w;
        variation sum;
        for (std::int64_t x = 0; x < w; ++x) {
            const bool beside = x < across_columns, vertical = x < down_columns;
            const float left = beside ? here[x] - here[x > 0 ? x - 1 : x] : 0;
            const float right = beside ? here[x < w - 1 ? x + 1 : x] - here[x] : 0;
            const float up = vertical ? here[x] - above[x] : 0;
            const float under = vertical ? below[x] - here[x] : 0;
            sum.horizontal += static_cast<double>(right * right);
            sum.vertical += static_cast<double>(under * under);
            if (!gradient.empty())
                gradient.data()[row * w + x] += across * (left - right) + down * (up - under);
        }
        of_rows[row] = sum;
    }
    variation total;
    for (std::int64_t row = 0; row < rows; ++row) {
        total.horizontal += of_rows[row].horizontal;
        total.vertical += of_rows[row].vertical;
    }
    sums.data()[0] = total.horizontal;
    sums.data()[1] = total.vertical;
}

template void squared_error<float>(context<cpu>&, in_view<float, cpu>, in_view<float, cpu>, double,
                                   out_view<float, cpu>, out_view<double, cpu>);
template void total_variation(context<cpu>&, in_view<float, cpu>, variation, out_view<float, cpu>,
                              out_view<double, cpu>);

}  // namespace impasto::ops
