#include <impasto/ops/random.hpp>

#include <cstdint>
#include <numbers>

#include "core/context_state.hpp"
#include "core/for_each.cuh"
#include "ops/checks.hpp"

namespace impasto::ops {

template <class Device>
void fill_uniform(context<Device>& ctx, std::uint64_t seed, float low, float high,
                  out_view<float, Device> x) {
    detail::expect_interval(low, high);
    kernels::for_each_index(
        ctx.get().stream, x.size(), [=, px = x.data()] __device__(std::int64_t i) {
            const float unit = static_cast<float>(detail::random_bits(seed, i) >> 40) * 0x1p-24f;
            // Rounded twice, as the CPU does: the bits are promised.
            px[i] = __fadd_rn(low, __fmul_rn(unit, high - low));
        });
}

template <class Device>
void fill_normal(context<Device>& ctx, std::uint64_t seed, float mean, float deviation,
                 out_view<float, Device> x) {
    detail::expect_distribution(mean, deviation);
    kernels::for_each_index(
        ctx.get().stream, x.size(), [=, px = x.data()] __device__(std::int64_t i) {
            const std::uint64_t bits = detail::random_bits(seed, i);
            const double u = (static_cast<double>(bits >> 32) + 1) * 0x1p-32;  // (0, 1]
            const double v = static_cast<double>(bits & 0xffffffff) * 0x1p-32;
            const double normal = sqrt(-2 * log(u)) * cos(2 * std::numbers::pi * v);
            px[i] = static_cast<float>(static_cast<double>(mean) +
                                       static_cast<double>(deviation) * normal);
        });
}

template decltype(fill_uniform<cuda>) fill_uniform<cuda>;
template decltype(fill_normal<cuda>) fill_normal<cuda>;

}  // namespace impasto::ops
