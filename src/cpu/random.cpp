#include <impasto/ops/random.hpp>

#include <cmath>
#include <numbers>

#include "cpu/parallel.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

template <class Device>
void fill_uniform(context<Device>& ctx, std::uint64_t seed, float low, float high,
                  out_view<float, Device> x) {
    detail::expect_interval(low, high);
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) {
        const float unit = static_cast<float>(detail::random_bits(seed, i) >> 40) * 0x1p-24f;
        px[i] = low + unit * (high - low);
    });
}

template <class Device>
void fill_normal(context<Device>& ctx, std::uint64_t seed, float mean, float deviation,
                 out_view<float, Device> x) {
    detail::expect_distribution(mean, deviation);
    for_each_index(ctx, x.size(), [=, px = x.data()](std::int64_t i) {
        const std::uint64_t bits = detail::random_bits(seed, i);
        const double u = (static_cast<double>(bits >> 32) + 1) * 0x1p-32;  // (0, 1]: log is finite
        const double v = static_cast<double>(bits & 0xffffffff) * 0x1p-32;
        const double normal = std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
        px[i] = static_cast<float>(mean + deviation * normal);
    });
}

template decltype(fill_uniform<cpu>) fill_uniform<cpu>;
template decltype(fill_normal<cpu>) fill_normal<cpu>;

}  // namespace impasto::ops
