#include <impasto/ops/random.hpp>

#include <algorithm>
#include <cmath>
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
