#include <impasto/ops/losses.hpp>

#include <catch2/catch.hpp>

#include "golden/golden.hpp"
#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

const shape pictures[] = {{1, 3, 1, 1}, {1, 3, 1, 9},  {1, 3, 7, 1},
                          {1, 1, 2, 2}, {1, 3, 13, 5}, {1, 3, 37, 41}};

}  // namespace

TEST_CASE("total_variation agrees with the reference and adds its gradient") {
    context<cpu> ctx({.threads = GENERATE(1, 2, 3)});
    const bool inner = GENERATE(false, true);
    for (const auto& s : pictures) {
        CAPTURE(to_string(s));
        const auto p = random_map(s.c, s.h, s.w, 1, 0, 1), start = random_map(s.c, s.h, s.w, 2);
        auto gradient = to_tensor(ctx, start);
        const ops::variation scale{0.3, 0.7, inner};
        const auto found = ops::total_variation(ctx, to_tensor(ctx, p), scale, gradient);
        // Differences and squares are rounded to float, sums are in double.
        CHECK(found.horizontal ==
              Approx(reference::total_variation(p, {1, 0, inner})).epsilon(3e-7));
        CHECK(found.vertical == Approx(reference::total_variation(p, {0, 1, inner})).epsilon(3e-7));

        auto expected = reference::total_variation_gradient(p, scale);
        for (std::size_t i = 0; i < expected.values.size(); ++i)
            expected.values[i] += start.values[i];
        CHECK(worst_error(to_map(ctx, gradient).values, expected.values) < 3e-7);
    }
}

TEST_CASE("total_variation gives the same bytes for every number of threads") {
    context<cpu> one({.threads = 1});
    const auto p = to_tensor(one, random_map(3, 37, 41, 3));
    auto gradient = filled(p.shape(), layout::nchw, 0);
    const auto expected = ops::total_variation(one, p, {1, 2}, gradient);
    const auto same = [&](const ops::variation& found) {
        return found.horizontal == expected.horizontal && found.vertical == expected.vertical;
    };
    for (const int threads : {1, 2, 3, 7}) {
        CAPTURE(threads);
        context<cpu> ctx({.threads = threads});
        auto again = filled(p.shape(), layout::nchw, 0);
        CHECK(same(ops::total_variation(ctx, p, {1, 2}, again)));
        CHECK(same_bytes(again, gradient));
        CHECK(same(ops::total_variation(ctx, p, {1, 2}, {})));
    }
}

TEST_CASE("a picture of one colour has no variation") {
    context<cpu> ctx;
    const auto grey = filled({1, 3, 5, 7}, layout::nchw, 0.3f);
    auto gradient = filled(grey.shape(), layout::nchw, 0);
    const auto found = ops::total_variation(ctx, grey, {1, 1}, gradient);
    CHECK(found.horizontal == 0);
    CHECK(found.vertical == 0);
    CHECK(std::count(gradient.begin(), gradient.end(), 0.0f) == gradient.size());
}

TEST_CASE("total_variation and its gradient are what PyTorch computes") {
    context<cpu> ctx;
    const auto& golden = test::golden();
    tensor<float, cpu> p({1, 3, 29, 43});
    std::ranges::copy(golden.at("picture").values, p.begin());
    const ops::variation mean{1.0 / (3 * 29 * 42), 1.0 / (3 * 28 * 43)};
    auto gradient = filled(p.shape(), layout::nchw, 0);
    const auto found = ops::total_variation(ctx, p, mean, gradient);
    CHECK(found.horizontal + found.vertical == Approx(golden.at("tv.sum").values[0]).epsilon(3e-7));
    CHECK(mean.horizontal * found.horizontal + mean.vertical * found.vertical ==
          Approx(golden.at("tv.mean").values[0]).epsilon(3e-7));
    const auto& expected = golden.at("tv.gradient").values;
    CHECK(worst_error({gradient.begin(), gradient.end()}, {expected.begin(), expected.end()}) <
          3e-7);
}

TEST_CASE("the reference's total_variation_gradient is the gradient of its total_variation") {
    const auto p = random_map(2, 4, 5, 4);
    const ops::variation scale{0.3, 0.7};
    const auto loss = [&](const std::vector<double>& values) {
        auto x = p;
        x.values = values;
        return reference::total_variation(x, scale);
    };
    CHECK(relative_error(reference::total_variation_gradient(p, scale).values,
                         reference::numeric_gradient(loss, p.values)) < 1e-8);
}

TEST_CASE("total_variation refuses a gradient of another shape, and maps that are not planar") {
    context<cpu> ctx;
    const auto p = filled({1, 3, 5, 7}, layout::nchw, 0);
    const auto blocked = filled({1, 3, 5, 7}, layout::nchw16c, 0);
    auto wrong = filled({1, 3, 7, 5}, layout::nchw, 0);
    CHECK_THROWS_WITH((void)ops::total_variation(ctx, p, {}, wrong),
                      "total_variation: gradient: expected [1,3,5,7], found [1,3,7,5]");
    CHECK_THROWS_WITH((void)ops::total_variation(ctx, blocked, {}, {}),
                      "total_variation: pixels: expected layout nchw, found nchw16c");
}
