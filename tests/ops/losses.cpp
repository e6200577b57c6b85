#include <impasto/ops/losses.hpp>

#include <catch2/catch.hpp>

#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

TEST_CASE("squared_error agrees with the reference and adds its gradient") {
    context<cpu> ctx({.threads = GENERATE(1, 2, 3)});
    for (const auto order : layouts)
        for (const auto& s : odd_shapes) {
            CAPTURE(to_string(order), to_string(s));
            const auto a = random_map(s.c, s.h, s.w, 1), b = random_map(s.c, s.h, s.w, 2);
            const auto start = random_map(s.c, s.h, s.w, 3);
            auto gradient = to_tensor(ctx, start, order);
            const double scale = 0.3;
            const double found = ops::squared_error(ctx, to_tensor(ctx, a, order),
                                                    to_tensor(ctx, b, order), scale, gradient);
            // A difference, its square and sums of sixteen squares are rounded to float.
            CHECK(found == Approx(reference::squared_error(a, b)).epsilon(3e-7));

            auto expected = reference::squared_error_gradient(a, b);
            for (std::size_t i = 0; i < expected.values.size(); ++i)
                expected.values[i] = start.values[i] + scale * expected.values[i];
            CHECK(worst_error(to_map(ctx, gradient).values, expected.values) < 3e-7);
        }
}

TEST_CASE(
    "squared_error gives the same bytes for every number of threads, with or without gradient") {
    context<cpu> one({.threads = 1});
    const auto a = to_tensor(one, random_map(33, 37, 41, 1), layout::nchw16c);
    const auto b = to_tensor(one, random_map(33, 37, 41, 2), layout::nchw16c);
    auto gradient = filled(a.shape(), a.layout(), 0);
    const double expected = ops::squared_error(one, a, b, 1, gradient);
    for (const int threads : {1, 2, 3, 7}) {
        CAPTURE(threads);
        context<cpu> ctx({.threads = threads});
        auto again = filled(a.shape(), a.layout(), 0);
        CHECK(ops::squared_error(ctx, a, b, 1, again) == expected);
        CHECK(same_bytes(again, gradient));
        CHECK(ops::squared_error(ctx, a, b, 1, {}) == expected);
    }
}

TEST_CASE("squared_error of a map and itself is zero") {
    context<cpu> ctx;
    const auto a = to_tensor(ctx, random_map(5, 7, 3, 1), layout::nchw8c);
    auto gradient = filled(a.shape(), a.layout(), 0.25f);
    CHECK(ops::squared_error(ctx, a, a, 1, gradient) == 0);
    CHECK(std::count(gradient.begin(), gradient.end(), 0.25f) == gradient.size());
}

TEST_CASE("the reference's squared_error_gradient is the gradient of its squared_error") {
    const auto a = random_map(2, 3, 5, 1), b = random_map(2, 3, 5, 2);
    const auto loss = [&](const std::vector<double>& values) {
        auto x = a;
        x.values = values;
        return reference::squared_error(x, b);
    };
    CHECK(relative_error(reference::squared_error_gradient(a, b).values,
                         reference::numeric_gradient(loss, a.values)) < 1e-8);
}

TEST_CASE("squared_error refuses what disagrees, with both shapes") {
    context<cpu> ctx;
    const auto a = filled({1, 5, 3, 4}, layout::nchw8c, 1);
    const auto b = filled({1, 5, 4, 3}, layout::nchw8c, 1);
    const auto planar = filled({1, 5, 3, 4}, layout::nchw, 1);
    auto wrong = filled({1, 5, 4, 3}, layout::nchw8c, 0);
    auto blocked = filled({1, 5, 3, 4}, layout::nchw16c, 0);
    CHECK_THROWS_WITH((void)ops::squared_error(ctx, a, b, 1, {}),
                      "squared_error: target: expected [1,5,3,4], found [1,5,4,3]");
    CHECK_THROWS_WITH((void)ops::squared_error(ctx, a, a, 1, wrong),
                      "squared_error: gradient: expected [1,5,3,4], found [1,5,4,3]");
    CHECK_THROWS_WITH((void)ops::squared_error(ctx, a, planar, 1, {}),
                      "squared_error: target: expected layout nchw8c, found nchw");
    CHECK_THROWS_WITH((void)ops::squared_error(ctx, a, a, 1, blocked),
                      "squared_error: gradient: expected layout nchw8c, found nchw16c");
}
