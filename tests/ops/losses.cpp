#include <impasto/ops/losses.hpp>

#include <catch2/catch.hpp>

#include "golden/golden.hpp"
#include "support/engine.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

const shape pictures[] = {{1, 3, 1, 1},  {1, 3, 1, 9},   {1, 3, 7, 1},  {1, 1, 2, 2},
                          {1, 3, 13, 5}, {1, 3, 37, 41}, {1, 1, 5, 300}};

}  // namespace

TEMPLATE_TEST_CASE("squared_error agrees with the reference and adds its gradient", "",
                   IMPASTO_MAP_TYPES) {
    in_every_way([](context<device>& ctx) {
        ops::scalars<device> sums(ctx, 1);
        for (const auto order : map_orders)
            for (const auto& s : shapes) {
                CAPTURE(to_string(order), to_string(s));
                const auto f = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
                const auto t = rounded_to<TestType>(random_map(s.c, s.h, s.w, 2));
                const auto start = rounded_to<TestType>(random_map(s.c, s.h, s.w, 3));
                const auto features = on_device<TestType>(ctx, f, order);
                const auto target = on_device<TestType>(ctx, t, order);
                auto gradient = on_device<TestType>(ctx, start, order);
                const double found =
                    ops::squared_error<TestType>(ctx, features, target, 0.3, gradient);
                // A difference, its square and sums of a few squares are rounded to float.
                CHECK(found == Approx(reference::squared_error(f, t)).epsilon(3e-7));
                ops::squared_error<TestType>(ctx, features, target, 0.3, {}, sums.slots(0));
                CHECK(sums.read(ctx)[0] == found);
                CHECK(relative_error(to_map(ctx, gradient).values,
                                     sum(start, 0.3, reference::squared_error_gradient(f, t))) <
                      elementwise<TestType>);
            }
    });
}

TEST_CASE("squared_error gives the same bytes for any number and order of threads") {
    std::vector<double> sums;
    std::vector<std::vector<double>> gradients;
    in_every_way([&](context<device>& ctx) {
        const auto order = ctx.feature_layout();
        const auto a = on_device<float>(ctx, random_map(33, 37, 41, 1), order);
        const auto b = on_device<float>(ctx, random_map(33, 37, 41, 2), order);
        auto gradient = filled_on_device<float>(ctx, a.shape(), order, 0);
        sums.push_back(ops::squared_error(ctx, a, b, 1, gradient));
        gradients.push_back(values_of(ctx, gradient));
    });
    for (std::size_t i = 1; i < sums.size(); ++i) {
        CHECK(sums[i] == sums[0]);
        CHECK(gradients[i] == gradients[0]);
    }
}

TEST_CASE("squared_error of a map and itself is zero, and leaves the gradient alone") {
    context<device> ctx;
    const auto a = on_device<float>(ctx, random_map(5, 7, 3, 1), ctx.feature_layout());
    auto gradient = filled_on_device<float>(ctx, a.shape(), ctx.feature_layout(), 0.25f);
    CHECK(ops::squared_error(ctx, a, a, 1, gradient) == 0);
    for (const double value : values_of(ctx, gradient))
        CHECK(value == 0.25);
}

TEST_CASE("squared_error over many elements is summed in double") {
    context<device> ctx;
    map<double> f(8, 97, 101, 1.0);
    f.values[5] = 1000;
    const auto order = ctx.feature_layout();
    const auto target = filled_on_device<float>(ctx, f.shape(), order, 0);
    CHECK(ops::squared_error(ctx, on_device<float>(ctx, f, order), target, 1, {}) ==
          1e6 + static_cast<double>(f.shape().elements() - 1));
}

TEST_CASE("total_variation agrees with the reference and adds its gradient") {
    const bool inner = GENERATE(false, true);
    in_every_way([&](context<device>& ctx) {
        ops::scalars<device> sums(ctx, 2);
        for (const auto& s : pictures) {
            CAPTURE(to_string(s));
            const auto p = random_map(s.c, s.h, s.w, 1, 0, 1), start = random_map(s.c, s.h, s.w, 2);
            const auto pixels = on_device<float>(ctx, p, layout::nchw);
            auto gradient = on_device<float>(ctx, start, layout::nchw);
            const ops::variation scale{0.3, 0.7, inner};
            const auto found = ops::total_variation(ctx, pixels, scale, gradient);
            // Differences and squares are rounded to float, sums are in double.
            CHECK(found.horizontal ==
                  Approx(reference::total_variation(p, {1, 0, inner})).epsilon(3e-7));
            CHECK(found.vertical ==
                  Approx(reference::total_variation(p, {0, 1, inner})).epsilon(3e-7));
            CHECK(relative_error(to_map(ctx, gradient).values,
                                 sum(start, 1, reference::total_variation_gradient(p, scale))) <
                  elementwise<float>);
            ops::total_variation(ctx, pixels, scale, {}, sums.slots(0, 2));
            CHECK(sums.read(ctx)[0] == found.horizontal);
            CHECK(sums.read(ctx)[1] == found.vertical);
        }
    });
}

TEST_CASE("total_variation gives the same bytes for any number and order of threads") {
    std::vector<std::vector<double>> results;
    in_every_way([&](context<device>& ctx) {
        const auto p = on_device<float>(ctx, random_map(3, 37, 41, 3), layout::nchw);
        auto gradient = filled_on_device<float>(ctx, p.shape(), layout::nchw, 0);
        const auto found = ops::total_variation(ctx, p, {1, 2}, gradient);
        results.push_back(values_of(ctx, gradient));
        results.back().insert(results.back().end(), {found.horizontal, found.vertical});
    });
    for (const auto& result : results)
        CHECK(result == results[0]);
}

TEST_CASE("a picture of one colour has no variation") {
    context<device> ctx;
    const auto grey = filled_on_device<float>(ctx, {1, 3, 5, 7}, layout::nchw, 0.3f);
    auto gradient = filled_on_device<float>(ctx, grey.shape(), layout::nchw, 0);
    const auto found = ops::total_variation(ctx, grey, {1, 1}, gradient);
    CHECK(found.horizontal == 0);
    CHECK(found.vertical == 0);
    for (const double value : values_of(ctx, gradient))
        CHECK(value == 0);
}

TEST_CASE("total_variation and its gradient are what PyTorch computes") {
    context<device> ctx;
    const auto& golden = test::golden();
    tensor<float, cpu> picture({1, 3, 29, 43});
    std::ranges::copy(golden.at("picture").values, picture.begin());
    const auto p = on_device(ctx, picture);
    const ops::variation mean{1.0 / (3 * 29 * 42), 1.0 / (3 * 28 * 43)};
    auto gradient = filled_on_device<float>(ctx, p.shape(), layout::nchw, 0);
    const auto found = ops::total_variation(ctx, p, mean, gradient);
    CHECK(found.horizontal + found.vertical == Approx(golden.at("tv.sum").values[0]).epsilon(3e-7));
    CHECK(mean.horizontal * found.horizontal + mean.vertical * found.vertical ==
          Approx(golden.at("tv.mean").values[0]).epsilon(3e-7));
    const auto& expected = golden.at("tv.gradient").values;
    CHECK(worst_error(values_of(ctx, gradient), {expected.begin(), expected.end()}) < 3e-7);
}

TEST_CASE("scalars are zero before anything writes them, and move") {
    context<device> ctx;
    ops::scalars<device> made(ctx, 3);
    const auto sums = std::move(made);
    CHECK(sums.size() == 3);
    for (const double value : sums.read(ctx))
        CHECK(value == 0);
}

TEST_CASE("losses refuse what disagrees, with both shapes") {
    context<device> ctx;
    const auto order = ctx.feature_layout();
    tensor<float, device> a({1, 8, 3, 4}, order), b({1, 8, 4, 3}, order), p({1, 8, 3, 4});
    tensor<float, device> wrong({1, 8, 4, 3});
    ops::scalars<device> sums(ctx, 1);
    CHECK_THROWS_WITH((void)ops::squared_error(ctx, a, b, 1, {}),
                      "squared_error: target: expected [1,8,3,4], found [1,8,4,3]");
    CHECK_THROWS_WITH((void)ops::squared_error(ctx, a, a, 1, b),
                      "squared_error: gradient: expected [1,8,3,4], found [1,8,4,3]");
    CHECK_THROWS_WITH(
        (void)ops::squared_error(ctx, a, p, 1, {}),
        std::string("squared_error: target: expected layout ") + to_string(order) + ", found nchw");
    CHECK_THROWS_WITH((void)ops::squared_error(ctx, a, a, 1, p),
                      std::string("squared_error: gradient: expected layout ") + to_string(order) +
                          ", found nchw");
    CHECK_THROWS_WITH((void)ops::total_variation(ctx, p, {}, wrong),
                      "total_variation: gradient: expected [1,8,3,4], found [1,8,4,3]");
    CHECK_THROWS_WITH(
        (void)ops::total_variation(ctx, a, {}, {}),
        std::string("total_variation: pixels: expected layout nchw, found ") + to_string(order));
    CHECK_THROWS_WITH(ops::total_variation(ctx, p, {}, {}, sums.slots(0)),
                      "total_variation: sums: expected [1,1,1,2], found [1,1,1,1]");
}
