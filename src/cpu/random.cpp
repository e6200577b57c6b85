#include <impasto/ops/random.hpp>

#include <cmath>
#include <numbers>
#include <string>

#include <impasto/core/error.hpp>

#include "cpu/parallel.hpp"

namespace impasto::ops {

namespace detail {

void expect_interval(float low, float high) {
    if (!std::isfinite(low) || !std::isfinite(high) || low > high)
        throw option_error("fill_uniform: [" + std::to_string(low) + ", " + std::to_string(high) +
                           "] is not an interval; both ends must be finite and in order");
}

void expect_distribution(float mean, float deviation) {
    if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0)
        throw option_error("fill_normal: mean " + std::to_string(mean) + ", deviation " +
                           std::to_string(deviation) +
                           "; both must be finite, the deviation not negative");
}

}  // namespace detail

void fill_uniform(context<cpu>& ctx, std::uint64_t seed, float low, float high,
                  tensor_view<float, cpu> x) {
    detail::expect_interval(low, high);
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) {
        const float unit = static_cast<float>(detail::random_bits(seed, i) >> 40) * 0x1p-24f;
        px[i] = low + unit * (high - low);
    });
}

void fill_normal(context<cpu>& ctx, std::uint64_t seed, float mean, float deviation,
                 tensor_view<float, cpu> x) {
    detail::expect_distribution(mean, deviation);
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) {
        const std::uint64_t bits = detail::random_bits(seed, i);
        const double u = (static_cast<double>(bits >> 32) + 1) * 0x1p-32;  // (0, 1]: log is finite
        const double v = static_cast<double>(bits & 0xffffffff) * 0x1p-32;
        const double normal = std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
        px[i] = static_cast<float>(mean + deviation * normal);
    });
}

}  // namespace impasto::ops
