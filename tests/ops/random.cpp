#include <impasto/ops/random.hpp>

#include <cmath>
#include <limits>
#include <numbers>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/engine.hpp"

using namespace impasto;
using namespace support;

namespace {

constexpr std::int64_t lengths[] = {1, 255, 257, 40'009};

/// Element i for a seed, by the algorithm's own steps: SplitMix64 started at the mixed seed.
std::uint64_t bits_of(std::uint64_t seed, std::int64_t i) {
    constexpr std::uint64_t stride = 0x9e3779b97f4a7c15ULL;
    const auto next = [](std::uint64_t state) {
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    };
    return next(next(seed + stride) + stride * static_cast<std::uint64_t>(i));
}

std::vector<double> drawn(context<device>& ctx, std::int64_t n, auto fill) {
    tensor<float, device> x({1, 1, 1, n});
    fill(ctx, x);
    return values_of(ctx, x);
}

}  // namespace

TEST_CASE("uniform numbers are SplitMix64's, bit for bit, whatever the device and the length") {
    // SplitMix64's first output for seed 0, which is known, begins the sequence of seed 0.
    CHECK(ops::detail::mix(0x9e3779b97f4a7c15ULL) == 0xe220a8397b1dcdafULL);
    in_every_way([](context<device>& ctx) {
        for (const auto n : lengths) {
            const auto found =
                drawn(ctx, n, [](auto& c, auto& x) { ops::fill_uniform(c, 17, -0.3f, 1.7f, x); });
            std::int64_t wrong = 0;
            for (std::int64_t i = 0; i < n; ++i) {
                const float unit = static_cast<float>(bits_of(17, i) >> 40) * 0x1p-24f;
                const float scaled = unit * (1.7f - -0.3f);
                wrong += found[static_cast<std::size_t>(i)] != static_cast<double>(-0.3f + scaled);
            }
            CHECK(wrong == 0);
        }
    });
}

TEST_CASE("normal numbers are Box and Muller's, but for a last bit") {
    in_every_way([](context<device>& ctx) {
        for (const auto n : lengths) {
            const auto found =
                drawn(ctx, n, [](auto& c, auto& x) { ops::fill_normal(c, 18, 0.5f, 0.15f, x); });
            double worst = 0;
            for (std::int64_t i = 0; i < n; ++i) {
                const auto bits = bits_of(18, i);
                const double u = (static_cast<double>(bits >> 32) + 1) * 0x1p-32;
                const double v = static_cast<double>(bits & 0xffffffff) * 0x1p-32;
                const double normal =
                    std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
                const double expected =
                    static_cast<double>(0.5f) + static_cast<double>(0.15f) * normal;
                worst = std::max(worst, std::abs(found[static_cast<std::size_t>(i)] - expected));
            }
            CHECK(worst < 2e-7);  // of numbers below 2
        }
    });
}

TEST_CASE("another seed draws other numbers") {
    context<device> ctx;
    const auto of_seed = [&](std::uint64_t seed) {
        return drawn(ctx, 101, [=](auto& c, auto& x) { ops::fill_uniform(c, seed, 0, 1, x); });
    };
    CHECK(of_seed(42) == of_seed(42));
    CHECK(of_seed(42) != of_seed(43));
}

TEST_CASE("random fills refuse intervals and deviations that mean nothing") {
    context<device> ctx;
    tensor<float, device> x({1, 1, 1, 4});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(ops::fill_uniform(ctx, 1, 2, 1, x), Catch::Matchers::Contains("[2.0"));
    CHECK_THROWS_AS(ops::fill_uniform(ctx, 1, nan, 1, x), option_error);
    CHECK_THROWS_AS(ops::fill_normal(ctx, 1, 0, -1, x), option_error);
    CHECK_THROWS_AS(ops::fill_normal(ctx, 1, 0, nan, x), option_error);
}
