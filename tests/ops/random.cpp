#include <impasto/ops/random.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

using namespace impasto;

namespace {

using filler = void (*)(context<cpu>&, std::uint64_t, float, float, tensor_view<float, cpu>);

std::vector<float> filled(filler fill, int threads, std::uint64_t seed, std::int64_t n) {
    context<cpu> ctx({.threads = threads});
    tensor<float, cpu> x({1, 1, 1, n});
    fill(ctx, seed, 0, 1, x);
    return {x.begin(), x.end()};
}

/// Mean of f over the sample.
template <class F>
double mean(const std::vector<float>& x, F f) {
    double sum = 0;
    for (const float value : x)
        sum += f(static_cast<double>(value));
    return sum / static_cast<double>(x.size());
}

constexpr std::int64_t n = 1'000'000;

}  // namespace

TEST_CASE("a seed gives the same bytes, whatever the threads and the length") {
    for (const filler fill : {filler(ops::fill_uniform), filler(ops::fill_normal)}) {
        const auto x = filled(fill, 1, 42, 100'003);
        CHECK(x == filled(fill, 3, 42, 100'003));
        CHECK(x != filled(fill, 1, 43, 100'003));
        const auto prefix = filled(fill, 1, 42, 101);
        CHECK(std::equal(prefix.begin(), prefix.end(), x.begin()));
    }
}

TEST_CASE("uniform bits are those of SplitMix64") {
    // Seeded with the mixed 0, which is SplitMix64's first output for seed 0: e220a8397b1dcdaf.
    const auto x = filled(ops::fill_uniform, 1, 0, 2);
    std::vector<float> expected;
    for (std::uint64_t state :
         {0xe220a8397b1dcdafULL, 0xe220a8397b1dcdafULL + 0x9e3779b97f4a7c15ULL}) {
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        z ^= z >> 31;
        expected.push_back(static_cast<float>(z >> 40) / 16777216.0f);
    }
    CHECK(x == expected);
}

TEST_CASE("uniform numbers fill their interval evenly") {
    const auto x = filled(ops::fill_uniform, 2, 7, n);
    CHECK(*std::min_element(x.begin(), x.end()) >= 0);
    CHECK(*std::max_element(x.begin(), x.end()) < 1);
    // Five standard errors: √(1/12 / n) for the mean, √(p(1−p) / n) for each tenth.
    CHECK(std::abs(mean(x, [](double v) { return v; }) - 0.5) < 5 * std::sqrt(1 / 12.0 / n));
    for (int tenth = 0; tenth < 10; ++tenth) {
        const double share = mean(x, [=](double v) { return static_cast<int>(v * 10) == tenth; });
        CHECK(std::abs(share - 0.1) < 5 * std::sqrt(0.09 / n));
    }
    double neighbours = 0;
    for (std::int64_t i = 0; i + 1 < n; ++i)
        neighbours += (static_cast<double>(x[i]) - 0.5) * (static_cast<double>(x[i + 1]) - 0.5);
    CHECK(std::abs(neighbours / n) < 5 / 12.0 / std::sqrt(n));
}

TEST_CASE("normal numbers have the moments of a normal") {
    const auto x = filled(ops::fill_normal, 2, 7, n);
    // Five standard errors of the first four moments: variances 1, 2, 15 and 96.
    CHECK(std::abs(mean(x, [](double v) { return v; })) < 5 / std::sqrt(n));
    CHECK(std::abs(mean(x, [](double v) { return v * v; }) - 1) < 5 * std::sqrt(2.0 / n));
    CHECK(std::abs(mean(x, [](double v) { return v * v * v; })) < 5 * std::sqrt(15.0 / n));
    CHECK(std::abs(mean(x, [](double v) { return v * v * v * v; }) - 3) < 5 * std::sqrt(96.0 / n));
}

TEST_CASE("random fills refuse intervals and deviations that mean nothing") {
    context<cpu> ctx;
    tensor<float, cpu> x({1, 1, 1, 4});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(ops::fill_uniform(ctx, 1, 2, 1, x), Catch::Matchers::Contains("[2.0"));
    CHECK_THROWS_AS(ops::fill_uniform(ctx, 1, nan, 1, x), option_error);
    CHECK_THROWS_AS(ops::fill_normal(ctx, 1, 0, -1, x), option_error);
    CHECK_THROWS_AS(ops::fill_normal(ctx, 1, 0, nan, x), option_error);
}
