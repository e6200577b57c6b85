#include <impasto/ops/vector.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/engine.hpp"

using namespace impasto;
using namespace support;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// One element, a prime, one block of a GPU's threads and one chunk of a sum with their neighbours,
// more than the CPU's parallel threshold.
const std::vector<std::int64_t> sizes{1, 7, 255, 256, 257, 4096, 4097, 40'009};

std::vector<double> random_row(std::int64_t n, unsigned seed) {
    return random_values(static_cast<std::size_t>(n), seed, -3, 3);
}

shape row_shape(const std::vector<double>& values) {
    return {1, 1, 1, std::ssize(values)};
}

/// Rows of the same numbers on both sides.
struct row {
    row(context<device>& ctx, std::vector<double> values)
        : host(std::move(values)), there(on_device(ctx, host, row_shape(host))) {}

    std::vector<double> host;
    tensor<float, device> there;
};

/// The largest difference, over 1 + the number: of NaN and NaN none.
double difference(const std::vector<double>& found, const std::vector<double>& expected) {
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (std::isnan(found[i]) && std::isnan(expected[i]))
            continue;
        const double d = std::abs(found[i] - expected[i]) / (1 + std::abs(expected[i]));
        worst = d <= worst ? worst : d;
    }
    return worst;
}

// A product and a sum, of which one engine rounds once, the other twice.
constexpr double rounding = 2e-7;

}  // namespace

TEST_CASE("elementwise operations agree with their formulas at every size") {
    in_every_way([](context<device>& ctx) {
        for (const auto n : sizes) {
            CAPTURE(n);
            const row x(ctx, random_row(n, 1)), y(ctx, random_row(n, 2));
            tensor<float, device> z({1, 1, 1, n});
            const auto holds = [&](auto formula) {
                std::vector<double> expected(x.host.size());
                for (std::size_t i = 0; i < expected.size(); ++i)
                    expected[i] = formula(x.host[i], y.host[i]);
                return difference(values_of(ctx, z), expected) <= rounding;
            };
            ops::fill(ctx, 3, z);
            CHECK(holds([](double, double) { return 3.0; }));
            ops::copy(ctx, x.there, z);
            CHECK(holds([](double a, double) { return a; }));
            ops::scale(ctx, -2, z);
            CHECK(holds([](double a, double) { return -2 * a; }));
            ops::copy(ctx, y.there, z);
            ops::axpy(ctx, 0.25f, x.there, z);
            CHECK(holds([](double a, double b) { return b + 0.25 * a; }));
            ops::add_scaled(ctx, x.there, 0.25f, y.there, z);
            CHECK(holds([](double a, double b) { return a + 0.25 * b; }));
            ops::copy(ctx, y.there, z);
            ops::lerp(ctx, x.there, 0.25f, z);
            CHECK(holds([](double a, double b) { return b + 0.25 * (a - b); }));
            ops::copy(ctx, x.there, z);
            ops::clamp(ctx, -0.5f, 0.25f, z);
            CHECK(holds([](double a, double) { return std::min(std::max(a, -0.5), 0.25); }));
        }
    });
}

TEMPLATE_TEST_CASE("maps of any element are filled and copied", "", IMPASTO_MAP_TYPES) {
    context<device> ctx;
    tensor<TestType, device> x({1, 3, 5, 7}, ctx.feature_layout());
    tensor<TestType, device> y(x.shape(), x.layout());
    ops::fill<TestType>(ctx, 1.5f, x);
    ops::copy<TestType>(ctx, x, y);
    for (const TestType value : host_copy(ctx, y))
        CHECK(static_cast<float>(value) == 1.5f);
}

TEST_CASE("add_scaled may write over either input") {
    context<device> ctx;
    const row a(ctx, random_row(101, 1)), b(ctx, random_row(101, 2));
    row x(ctx, a.host), y(ctx, b.host);
    tensor<float, device> expected(a.there.shape());
    ops::add_scaled(ctx, a.there, -1, b.there, expected);
    ops::add_scaled(ctx, x.there, -1, b.there, x.there);
    ops::add_scaled(ctx, a.there, -1, y.there, y.there);
    CHECK(values_of(ctx, x.there) == values_of(ctx, expected));
    CHECK(values_of(ctx, y.there) == values_of(ctx, expected));
}

TEST_CASE("dot is a sum in double, the same for any number and order of threads") {
    std::vector<std::vector<double>> found;
    in_every_way([&](context<device>& ctx) {
        auto& here = found.emplace_back();
        for (const auto n : sizes) {
            CAPTURE(n);
            const row x(ctx, random_row(n, 1)), y(ctx, random_row(n, 2));
            long double expected = 0, magnitude = 0;
            for (std::size_t i = 0; i < x.host.size(); ++i) {
                const auto product = static_cast<long double>(x.host[i]) * y.host[i];
                expected += product;
                magnitude += std::abs(product);
            }
            here.push_back(ops::dot(ctx, x.there, y.there));
            // n roundings of 2⁻⁵³ would be allowed; sums of chunks need far fewer.
            CHECK(std::abs(here.back() - static_cast<double>(expected)) <=
                  static_cast<double>(magnitude) * 1e-14);
        }
    });
    for (const auto& other : found)
        CHECK(other == found[0]);
}

TEST_CASE("dots and combine agree with one row at a time") {
    context<device> ctx;
    // More than the CPU's parallel threshold, or more rows than one pass takes on a GPU.
    for (const std::int64_t count : {0, 1, 19, 1025}) {
        CAPTURE(count);
        const auto length = count > 100 ? 33 : 17'011;
        const auto part = random_row(2 * length, 4), rows = random_row(count * 2 * length, 3);
        const auto here = on_device(ctx, part, {2, 1, 1, length});
        const auto stacked = on_device(ctx, rows, {count * 2, 1, 1, length});
        const auto at = [&](std::int64_t row, std::int64_t i) {
            return rows[static_cast<std::size_t>(row * 2 * length + i)];
        };
        std::vector<double> products(static_cast<std::size_t>(count), -1.0), expected(products);
        for (std::int64_t r = 0; r < count; ++r) {
            auto& sum = expected[static_cast<std::size_t>(r)] = 0;
            for (std::int64_t i = 0; i < 2 * length; ++i)
                sum += at(r, i) * part[static_cast<std::size_t>(i)];
        }
        ops::dots(ctx, stacked, here, products);
        CHECK(difference(products, expected) <= 1e-12);

        std::vector<double> combined(part);
        for (std::int64_t i = 0; i < 2 * length; ++i) {
            auto& sum = combined[static_cast<std::size_t>(i)] *= -1.5;
            for (std::int64_t r = 0; r < count; ++r)
                sum += expected[static_cast<std::size_t>(r)] * at(r, i);
        }
        tensor<float, device> y({2, 1, 1, length});
        ops::combine(ctx, -1.5, here, expected, stacked, y);
        CHECK(difference(values_of(ctx, y), combined) <= rounding);
    }
}

TEST_CASE("max_abs finds the largest magnitude and lets nothing non-finite slip by") {
    context<device> ctx;
    for (const auto n : sizes)
        for (const std::int64_t at : {std::int64_t{0}, n / 2, n - 1}) {
            CAPTURE(n, at);
            tensor<float, cpu> x({1, 1, 1, n});
            std::fill(x.begin(), x.end(), 0.5f);
            const auto largest = [&](float value) {
                x.data()[at] = value;
                return ops::max_abs(ctx, on_device(ctx, x));
            };
            CHECK(largest(-7) == 7);
            CHECK(largest(-infinity) == infinity);
            CHECK(std::isnan(largest(-not_a_number)));
        }
    CHECK(ops::max_abs(ctx, tensor<float, device>({1, 1, 1, 0})) == 0);
}

TEST_CASE("clamp keeps a NaN where it is") {
    context<device> ctx;
    auto x = on_device(ctx, {not_a_number, infinity, -infinity}, {1, 1, 1, 3});
    ops::clamp(ctx, 0, 1, x);
    const auto found = values_of(ctx, x);
    CHECK(std::isnan(found[0]));
    CHECK(found[1] == 1);
    CHECK(found[2] == 0);
}

TEST_CASE("momentum_update accumulates gradients into the velocity") {
    context<device> ctx;
    const auto g = on_device(ctx, {1, -2}, {1, 1, 1, 2});
    auto velocity = on_device(ctx, {0, 0}, {1, 1, 1, 2}), x = on_device(ctx, {0, 0}, {1, 1, 1, 2});
    const ops::momentum_coefficients k{.learning_rate = 0.5f, .momentum = 0.5f};
    ops::momentum_update(ctx, g, k, velocity, x);
    CHECK(values_of(ctx, x) == std::vector{-0.5, 1.0});
    ops::momentum_update(ctx, g, k, velocity, x);
    CHECK(values_of(ctx, velocity) == std::vector{1.5, -3.0});
    CHECK(values_of(ctx, x) == std::vector{-1.25, 2.5});
}

TEST_CASE("adam_update agrees with the paper's formulas in double") {
    context<device> ctx;
    const std::size_t n = 40'009;
    const auto g = random_values(n, 1), x0 = random_values(n, 2);
    const auto m0 = random_values(n, 3), v0 = random_values(n, 4, 0, 1);
    const shape s = row_shape(g);
    auto m = on_device(ctx, m0, s), v = on_device(ctx, v0, s), x = on_device(ctx, x0, s);
    const ops::adam_coefficients k{.learning_rate = 0.1f,
                                   .beta1 = 0.9f,
                                   .beta2 = 0.999f,
                                   .epsilon = 1e-3f,
                                   .correction1 = 2,
                                   .correction2 = 3};
    ops::adam_update(ctx, on_device(ctx, g, s), k, m, v, x);

    const double beta1 = static_cast<double>(k.beta1), beta2 = static_cast<double>(k.beta2);
    std::vector<double> m1(n), v1(n), x1(n);
    for (std::size_t i = 0; i < n; ++i) {
        m1[i] = beta1 * m0[i] + (1 - beta1) * g[i];
        v1[i] = beta2 * v0[i] + (1 - beta2) * g[i] * g[i];
        x1[i] = x0[i] - 0.1 * 2 * m1[i] / (std::sqrt(3 * v1[i]) + 1e-3);
    }
    // A handful of float roundings of numbers near one; 1 − β₂ itself is exact in float.
    CHECK(difference(values_of(ctx, m), m1) < 3e-7);
    CHECK(difference(values_of(ctx, v), v1) < 3e-7);
    CHECK(difference(values_of(ctx, x), x1) < 1e-6);
}

TEST_CASE("operations refuse views that disagree and say how") {
    context<device> ctx;
    const auto order = ctx.feature_layout();
    tensor<float, device> a({1, 1, 2, 3}), b({1, 1, 3, 2}), map({1, 16, 2, 3}, order),
        planar({1, 16, 2, 3});
    CHECK_THROWS_WITH(ops::copy(ctx, a, b), "copy: output: expected [1,1,2,3], found [1,1,3,2]");
    CHECK_THROWS_AS(ops::dot(ctx, a, b), shape_error);
    CHECK_THROWS_AS(ops::adam_update(ctx, a, {}, a, b, a), shape_error);
    CHECK_THROWS_AS(ops::momentum_update(ctx, a, {}, a, b), shape_error);
    CHECK_THROWS_WITH(
        ops::axpy(ctx, 1, map, planar),
        std::string("axpy: output: expected layout ") + to_string(order) + ", found nchw");

    tensor<float, device> rows({3, 1, 2, 3});
    std::vector<double> two(2);
    CHECK_THROWS_WITH(ops::dots(ctx, rows, a, two),
                      "dots: rows: expected [2,1,2,3], found [3,1,2,3]");
    CHECK_THROWS_AS(ops::combine(ctx, 1, a, two, rows, a), shape_error);
}
