#include "conv2d/filter_rounding.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include "core/types.cuh"
#include "support/maps.hpp"

using namespace impasto;
using impasto::kernels::rounded_filters;

namespace {

template <class T>
float nearest(float x) {
    return kernels::to_float(kernels::to_stored<T>(x));
}

/// The distance between neighbours in T where x is.
template <class T>
double place(double x) {
    const int fraction_bits = std::is_same_v<T, bfloat16> ? 7 : 10;
    return std::ldexp(1.0, std::ilogb(x) - fraction_bits);
}

tensor<float, cpu> filters(const shape& s) {
    return support::to_tensor(
        support::random_values(static_cast<std::size_t>(s.elements()), 7, -0.3, 0.3), s);
}

template <class Test>
void for_each_filter(const tensor<float, cpu>& given, const tensor<float, cpu>& rounded,
                     const Test& test) {
    const auto taps = static_cast<std::size_t>(given.shape().pixels());
    for (std::size_t i = 0; i < static_cast<std::size_t>(given.size()); i += taps)
        test(std::span(given.data() + i, taps), std::span(rounded.data() + i, taps));
}

}  // namespace

TEMPLATE_TEST_CASE("filters are rounded to what the type holds, and their sum is kept", "", tf32,
                   half, bfloat16) {
    for (const std::int64_t side : {1, 2, 3}) {
        const auto given = filters({5, 7, side, side});
        const auto rounded = rounded_filters<TestType>(given);
        REQUIRE(rounded.shape() == given.shape());
        for_each_filter(given, rounded, [](auto from, auto to) {
            double sum = 0, smallest = 1, largest = 0;
            for (std::size_t i = 0; i < from.size(); ++i) {
                CHECK(to[i] == nearest<TestType>(to[i]));
                sum += static_cast<double>(to[i]) - static_cast<double>(from[i]);
                smallest = std::min(smallest, std::abs(static_cast<double>(from[i])));
                largest = std::max(largest, std::abs(static_cast<double>(from[i])));
            }
            // The smallest may have grown by what the others left over.
            const double last = place<TestType>(smallest + place<TestType>(largest));
            CHECK(std::abs(sum) <= last / 2 + 1e-7);
            for (std::size_t i = 0; i < from.size(); ++i)
                CHECK(std::abs(to[i] - from[i]) <= place<TestType>(largest));
        });
    }
}

TEMPLATE_TEST_CASE("filters that the type holds stay as they are", "", tf32, half, bfloat16) {
    auto given = filters({4, 3, 3, 3});
    for (float& w : given)
        w = nearest<TestType>(w);
    CHECK(support::same_bytes(rounded_filters<TestType>(given), given));
}

TEMPLATE_TEST_CASE("on smooth maps rounded filters err less than half as much as the nearest", "",
                   tf32, half, bfloat16) {
    const auto given = filters({16, 8, 3, 3});
    const auto rounded = rounded_filters<TestType>(given);
    // A window of a map that rises by a tenth from tap to tap.
    const auto response = [](std::span<const float> taps) {
        double sum = 0;
        for (std::size_t i = 0; i < taps.size(); ++i)
            sum += static_cast<double>(taps[i]) * (1 + 0.1 * static_cast<double>(i % 3));
        return sum;
    };
    double ours = 0, plain = 0;
    for_each_filter(given, rounded, [&](auto from, auto to) {
        std::vector<float> one_by_one(from.begin(), from.end());
        std::ranges::transform(one_by_one, one_by_one.begin(), nearest<TestType>);
        ours += std::pow(response(to) - response(from), 2);
        plain += std::pow(response(one_by_one) - response(from), 2);
    });
    CHECK(std::sqrt(ours) < 0.5 * std::sqrt(plain));
}

TEST_CASE("a filter that is not finite does not become finite") {
    constexpr float infinite = std::numeric_limits<float>::infinity();
    for (const float bad : {infinite, -infinite, std::nanf("")}) {
        auto given = filters({1, 1, 3, 3});
        given.data()[4] = bad;
        CHECK_FALSE(std::isfinite(rounded_filters<tf32>(given).data()[4]));
        CHECK_FALSE(std::isfinite(rounded_filters<half>(given).data()[4]));
    }
}
