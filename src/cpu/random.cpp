#include <impasto/ops/random.hpp>

#include <cmath>
#include <numbers>
#include <string>

#include <impasto/core/error.hpp>

#include "cpu/parallel.hpp"

namespace impasto::ops {

namespace {

constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;  // 2⁶⁴ / φ, SplitMix64's stride

constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/// The 64 bits of element i. The seed is mixed first: as a bare start, two seeds that are a
/// multiple of the stride apart would give one sequence, shifted.
std::uint64_t bits_at(std::uint64_t seed, std::int64_t i) {
    return mix(mix(seed + golden_ratio) + golden_ratio * static_cast<std::uint64_t>(i));
}

}  // namespace

void fill_uniform(context<cpu>& ctx, std::uint64_t seed, float low, float high,
                  tensor_view<float, cpu> x) {
    if (!std::isfinite(low) || !std::isfinite(high) || low > high)
        throw option_error("fill_uniform: [" + std::to_string(low) + ", " + std::to_string(high) +
                           "] is not an interval; both ends must be finite and in order");
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) {
        const float unit = static_cast<float>(bits_at(seed, i) >> 40) * 0x1p-24f;
        px[i] = low + unit * (high - low);
    });
}

void fill_normal(context<cpu>& ctx, std::uint64_t seed, float mean, float deviation,
                 tensor_view<float, cpu> x) {
    if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0)
        throw option_error("fill_normal: mean " + std::to_string(mean) + ", deviation " +
                           std::to_string(deviation) +
                           "; both must be finite, the deviation not negative");
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) {
        const std::uint64_t bits = bits_at(seed, i);
        const double u = (static_cast<double>(bits >> 32) + 1) * 0x1p-32;  // (0, 1]: log is finite
        const double v = static_cast<double>(bits & 0xffffffff) * 0x1p-32;
        const double normal = std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
        px[i] = static_cast<float>(mean + deviation * normal);
    });
}

}  // namespace impasto::ops
