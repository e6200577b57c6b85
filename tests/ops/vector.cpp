#include <impasto/ops/vector.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/ops/random.hpp>

using namespace impasto;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// One element, a prime, one chunk and its neighbours, more than the parallel threshold.
const std::vector<std::int64_t> sizes{1, 7, 4095, 4096, 4097, 100'003};

tensor<float, cpu> random_row(context<cpu>& ctx, std::int64_t n, std::uint64_t seed) {
    tensor<float, cpu> x({1, 1, 1, n});
    ops::fill_normal(ctx, seed, 0, 1, x);
    return x;
}

std::vector<float> values(const tensor<float, cpu>& x) {
    return {x.begin(), x.end()};
}

}  // namespace

TEST_CASE("elementwise operations agree with their formulas at every size") {
    context<cpu> ctx({.threads = 2});
    for (const auto n : sizes) {
        CAPTURE(n);
        const auto x = random_row(ctx, n, 1), y = random_row(ctx, n, 2);
        tensor<float, cpu> z(x.shape());
        const auto holds = [&](auto formula) {
            for (std::int64_t i = 0; i < n; ++i)
                if (z.data()[i] != formula(x.data()[i], y.data()[i]))
                    return false;
            return true;
        };

        ops::fill(ctx, 3, z);
        CHECK(holds([](float, float) { return 3.0f; }));
        ops::copy(ctx, x, z);
        CHECK(holds([](float a, float) { return a; }));
        ops::scale(ctx, -2, z);
        CHECK(holds([](float a, float) { return -2 * a; }));
        ops::copy(ctx, y, z);
        ops::axpy(ctx, 0.3f, x, z);
        CHECK(holds([](float a, float b) { return b + 0.3f * a; }));
        ops::add_scaled(ctx, x, 0.3f, y, z);
        CHECK(holds([](float a, float b) { return a + 0.3f * b; }));
        ops::copy(ctx, y, z);
        ops::lerp(ctx, x, 0.25f, z);
        CHECK(holds([](float a, float b) { return b + 0.25f * (a - b); }));
        ops::copy(ctx, x, z);
        ops::clamp(ctx, -0.5f, 0.25f, z);
        CHECK(holds([](float a, float) { return std::min(std::max(a, -0.5f), 0.25f); }));
    }
}

TEST_CASE("add_scaled may write over either input") {
    context<cpu> ctx({.threads = 2});
    const auto a = random_row(ctx, 101, 1), b = random_row(ctx, 101, 2);
    auto x = random_row(ctx, 101, 1), y = random_row(ctx, 101, 2);
    tensor<float, cpu> expected(a.shape());
    ops::add_scaled(ctx, a, -1, b, expected);

    ops::add_scaled(ctx, x, -1, b, x);
    ops::add_scaled(ctx, a, -1, y, y);
    CHECK(values(x) == values(expected));
    CHECK(values(y) == values(expected));
}

TEST_CASE("dot is a sum in double and the same for every number of threads") {
    context<cpu> one({.threads = 1});
    context<cpu> two({.threads = 2});
    context<cpu> three({.threads = 3});
    for (const auto n : sizes) {
        CAPTURE(n);
        const auto x = random_row(one, n, 1), y = random_row(one, n, 2);
        long double expected = 0, magnitude = 0;
        for (std::int64_t i = 0; i < n; ++i) {
            const auto product = static_cast<long double>(x.data()[i]) * y.data()[i];
            expected += product;
            magnitude += std::abs(product);
        }
        const double found = ops::dot(one, x, y);
        // n roundings of 2⁻⁵³ would be allowed; sums of chunks need far fewer.
        CHECK(std::abs(found - static_cast<double>(expected)) <=
              static_cast<double>(magnitude) * 1e-14);
        CHECK(found == ops::dot(two, x, y));
        CHECK(found == ops::dot(three, x, y));
    }
}

TEST_CASE("dots and combine agree with one row at a time") {
    context<cpu> ctx({.threads = 2});
    const std::int64_t n = 100'003;
    for (const std::int64_t count : {0, 1, 7, 8, 19}) {
        CAPTURE(count);
        tensor<float, cpu> rows({count * 2, 1, 1, n});
        ops::fill_normal(ctx, 3, 0, 1, rows);
        tensor<float, cpu> x({2, 1, 1, n}), y({2, 1, 1, n});
        ops::fill_normal(ctx, 4, 0, 1, x);
        const auto row = [&](std::int64_t i) {
            return tensor_view<const float, cpu>(rows.data() + i * 2 * n, x.shape());
        };

        std::vector<double> products(count, -1.0), coefficients(count);
        ops::dots(ctx, rows, x, products);
        for (std::int64_t i = 0; i < count; ++i) {
            CHECK(products[i] == ops::dot(ctx, row(i), x));
            coefficients[i] = 0.1 * static_cast<double>(i) - 0.5;
        }

        ops::combine(ctx, -1.5, x, coefficients, rows, y);
        double worst = 0;
        for (std::int64_t j = 0; j < 2 * n; ++j) {
            double expected = -1.5 * static_cast<double>(x.data()[j]);
            for (std::int64_t i = 0; i < count; ++i)
                expected += coefficients[i] * static_cast<double>(row(i).data()[j]);
            worst = std::max(worst, std::abs(static_cast<double>(static_cast<float>(expected)) -
                                             static_cast<double>(y.data()[j])));
        }
        CHECK(worst == 0);
    }
}

TEST_CASE("max_abs finds the largest magnitude and lets nothing non-finite slip by") {
    context<cpu> ctx({.threads = 2});
    for (const auto n : sizes)
        for (const std::int64_t at : {std::int64_t{0}, n / 2, n - 1}) {
            CAPTURE(n, at);
            tensor<float, cpu> x({1, 1, 1, n});
            ops::fill(ctx, 0.5f, x);
            x.data()[at] = -7;
            CHECK(ops::max_abs(ctx, x) == 7);
            x.data()[at] = -infinity;
            CHECK(ops::max_abs(ctx, x) == infinity);
            x.data()[at] = -not_a_number;
            CHECK(std::isnan(ops::max_abs(ctx, x)));
        }
    CHECK(ops::max_abs(ctx, tensor<float, cpu>({1, 1, 1, 0})) == 0);
}

TEST_CASE("clamp keeps a NaN where it is") {
    context<cpu> ctx;
    tensor<float, cpu> x({1, 1, 1, 3});
    std::copy_n(std::vector{not_a_number, infinity, -infinity}.begin(), 3, x.begin());
    ops::clamp(ctx, 0, 1, x);
    CHECK(std::isnan(x.data()[0]));
    CHECK(x.data()[1] == 1);
    CHECK(x.data()[2] == 0);
}

TEST_CASE("momentum_update accumulates gradients into the velocity") {
    context<cpu> ctx;
    tensor<float, cpu> g({1, 1, 1, 2}), velocity({1, 1, 1, 2}), x({1, 1, 1, 2});
    std::copy_n(std::vector{1.0f, -2.0f}.begin(), 2, g.begin());
    ops::fill(ctx, 0, velocity);
    ops::fill(ctx, 0, x);
    const ops::momentum_coefficients k{.learning_rate = 0.5f, .momentum = 0.5f};

    ops::momentum_update(ctx, g, k, velocity, x);
    CHECK(values(x) == std::vector{-0.5f, 1.0f});
    ops::momentum_update(ctx, g, k, velocity, x);
    CHECK(values(velocity) == std::vector{1.5f, -3.0f});
    CHECK(values(x) == std::vector{-1.25f, 2.5f});
}

TEST_CASE("adam_update agrees with the paper's formulas in double") {
    context<cpu> ctx({.threads = 2});
    const std::int64_t n = 40'009;
    const auto g = random_row(ctx, n, 1), start = random_row(ctx, n, 2);
    tensor<float, cpu> m(g.shape()), v(g.shape()), x(g.shape());
    ops::fill_uniform(ctx, 3, -1, 1, m);
    ops::fill_uniform(ctx, 4, 0, 1, v);
    ops::copy(ctx, start, x);
    const auto m0 = values(m), v0 = values(v);
    const ops::adam_coefficients k{.learning_rate = 0.1f,
                                   .beta1 = 0.9f,
                                   .beta2 = 0.999f,
                                   .epsilon = 1e-3f,
                                   .correction1 = 2,
                                   .correction2 = 3};
    ops::adam_update(ctx, g, k, m, v, x);

    double worst_m = 0, worst_v = 0, worst_x = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        const double gradient = static_cast<double>(g.data()[i]);
        const double beta1 = static_cast<double>(k.beta1), beta2 = static_cast<double>(k.beta2);
        const double m1 = beta1 * static_cast<double>(m0[i]) + (1 - beta1) * gradient;
        const double v1 = beta2 * static_cast<double>(v0[i]) + (1 - beta2) * gradient * gradient;
        const double x1 =
            static_cast<double>(start.data()[i]) - 0.1 * 2 * m1 / (std::sqrt(3 * v1) + 1e-3);
        worst_m = std::max(worst_m, std::abs(m1 - static_cast<double>(m.data()[i])));
        worst_v = std::max(worst_v, std::abs(v1 - static_cast<double>(v.data()[i])));
        worst_x =
            std::max(worst_x, std::abs(x1 - static_cast<double>(x.data()[i])) / (1 + std::abs(x1)));
    }
    // A handful of float roundings of numbers near one; 1 − β₂ itself is exact in float.
    CHECK(worst_m < 3e-7);
    CHECK(worst_v < 3e-7);
    CHECK(worst_x < 1e-6);
}

TEST_CASE("operations refuse views that disagree and say how") {
    context<cpu> ctx;
    tensor<float, cpu> a({1, 1, 2, 3}), b({1, 1, 3, 2}), blocked({1, 16, 2, 3}, layout::nchw16c),
        planar({1, 16, 2, 3});
    CHECK_THROWS_WITH(ops::copy(ctx, a, b), "copy: output: expected [1,1,2,3], found [1,1,3,2]");
    CHECK_THROWS_AS(ops::dot(ctx, a, b), shape_error);
    CHECK_THROWS_AS(ops::adam_update(ctx, a, {}, a, b, a), shape_error);
    CHECK_THROWS_AS(ops::momentum_update(ctx, a, {}, a, b), shape_error);
    CHECK_THROWS_WITH(ops::axpy(ctx, 1, blocked, planar),
                      "axpy: output: expected layout nchw16c, found nchw");

    tensor<float, cpu> rows({3, 1, 2, 3});
    std::vector<double> two(2);
    CHECK_THROWS_WITH(ops::dots(ctx, rows, a, two),
                      "dots: rows: expected [2,1,2,3], found [3,1,2,3]");
    CHECK_THROWS_AS(ops::combine(ctx, 1, a, two, rows, a), shape_error);
}
