#include <impasto/ops/losses.hpp>

#include <catch2/catch.hpp>

#include <impasto/ops/scalars.hpp>

#include "support/feature_types.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

/// a + factor·b
std::vector<double> sum(const map<double>& a, double factor, const map<double>& b) {
    auto result = a.values;
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] += factor * b.values[i];
    return result;
}

}  // namespace

TEMPLATE_TEST_CASE("a squared error on the GPU and its gradient are the reference's", "", float,
                   half, bfloat16) {
    context<cuda> ctx;
    ops::scalars<cuda> sums(ctx, 2);
    in_every_order([&] {
        for (const auto& s : device_shapes) {
            CAPTURE(to_string(s));
            const auto f = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
            const auto t = rounded_to<TestType>(random_map(s.c, s.h, s.w, 2));
            const auto g = rounded_to<TestType>(random_map(s.c, s.h, s.w, 3));
            const auto features = to_device<TestType>(ctx, f), target = to_device<TestType>(ctx, t);
            auto gradient = to_device<TestType>(ctx, g);
            ops::squared_error(ctx, features, target, 0.3, gradient, sums.slots(0));
            ops::squared_error(ctx, features, target, 0.3, {}, sums.slots(1));
            const auto found = sums.read(ctx);
            CHECK(found[0] == Approx(reference::squared_error(f, t)).epsilon(1e-6));
            CHECK(found[0] == found[1]);
            CHECK(relative_error(to_map(ctx, gradient).values,
                                 sum(g, 0.3, reference::squared_error_gradient(f, t))) <
                  tolerance<TestType>);
        }
    });
}

TEST_CASE("a squared error over more than one block's elements is summed in double") {
    context<cuda> ctx;
    ops::scalars<cuda> sums(ctx, 1);
    const shape s{1, 8, 97, 101};
    map<double> f(s.c, s.h, s.w, 1.0), t(s.c, s.h, s.w, 0.0);
    f.values[5] = 1000;
    ops::squared_error(ctx, to_device<float>(ctx, f), to_device<float>(ctx, t), 1, {},
                       sums.slots(0));
    CHECK(sums.read(ctx)[0] == 1e6 + static_cast<double>(s.elements() - 1));
}

TEST_CASE("total variation on the GPU and its gradient are the reference's") {
    context<cuda> ctx;
    ops::scalars<cuda> sums(ctx, 2);
    const bool inner = GENERATE(false, true);
    const ops::variation scale{0.7, 1.9, inner};
    in_every_order([&] {
        for (const auto& s : {shape{1, 3, 1, 1}, shape{1, 3, 1, 9}, shape{1, 3, 9, 1},
                              shape{1, 3, 17, 33}, shape{1, 1, 5, 300}}) {
            CAPTURE(to_string(s));
            const auto p = random_map(s.c, s.h, s.w, 1), g = random_map(s.c, s.h, s.w, 2);
            const auto pixels = to_device<float>(ctx, p, layout::nchw);
            auto gradient = to_device<float>(ctx, g, layout::nchw);
            ops::total_variation(ctx, pixels, scale, gradient, sums.slots(0, 2));
            const double horizontal = reference::total_variation(p, {1, 0, inner});
            const double vertical = reference::total_variation(p, {0, 1, inner});
            CHECK(sums.read(ctx)[0] == Approx(horizontal).epsilon(1e-6));
            CHECK(sums.read(ctx)[1] == Approx(vertical).epsilon(1e-6));
            CHECK(relative_error(to_map(ctx, gradient).values,
                                 sum(g, 1, reference::total_variation_gradient(p, scale))) < 1e-6);
            ops::total_variation(ctx, pixels, scale, {}, sums.slots(0, 2));
            CHECK(sums.read(ctx)[0] == Approx(horizontal).epsilon(1e-6));
        }
    });
}

TEST_CASE("scalars are zero before anything writes them, and move") {
    context<cuda> ctx;
    ops::scalars<cuda> made(ctx, 3);
    const auto sums = std::move(made);
    CHECK(sums.size() == 3);
    for (const double value : sums.read(ctx))
        CHECK(value == 0);
}

TEST_CASE("losses on the GPU refuse what disagrees") {
    context<cuda> ctx;
    ops::scalars<cuda> sums(ctx, 2);
    tensor<half, cuda> a({1, 8, 3, 5}, layout::nhwc), b({1, 8, 5, 3}, layout::nhwc);
    tensor<float, cuda> planar({1, 3, 3, 5}), other({1, 3, 5, 3});
    CHECK_THROWS_WITH(ops::squared_error(ctx, a, b, 1, {}, sums.slots(0)),
                      "squared_error: target: expected [1,8,3,5], found [1,8,5,3]");
    CHECK_THROWS_WITH(ops::squared_error(ctx, a, a, 1, b, sums.slots(0)),
                      "squared_error: gradient: expected [1,8,3,5], found [1,8,5,3]");
    CHECK_THROWS_WITH(ops::total_variation(ctx, planar, {1, 1}, other, sums.slots(0, 2)),
                      "total_variation: gradient: expected [1,3,3,5], found [1,3,5,3]");
    CHECK_THROWS_WITH(ops::total_variation(ctx, planar, {1, 1}, {}, sums.slots(0)),
                      "total_variation: sums: expected [1,1,1,2], found [1,1,1,1]");
}
