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
    for (const auto& s : pictures) {
        CAPTURE(to_string(s));
        const auto p = random_map(s.c, s.h, s.w, 1, 0, 1), start = random_map(s.c, s.h, s.w, 2);
        auto gradient = to_tensor(ctx, start);
        const double scale = 0.3;
        const double found = ops::total_variation(ctx, to_tensor(ctx, p), scale, gradient);
        // Differences and squares are rounded to float, sums are in double.
        CHECK(found == Approx(reference::total_variation(p)).epsilon(3e-7));

        auto expected = reference::total_variation_gradient(p);
        for (std::size_t i = 0; i < expected.values.size(); ++i)
            expected.values[i] = start.values[i] + scale * expected.values[i];
        CHECK(worst_error(to_map(ctx, gradient).values, expected.values) < 3e-7);
    }
}

TEST_CASE("total_variation gives the same bytes for every number of threads") {
    context<cpu> one({.threads = 1});
    const auto p = to_tensor(one, random_map(3, 37, 41, 3));
    auto gradient = filled(p.shape(), layout::nchw, 0);
    const double expected = ops::total_variation(one, p, 1, gradient);
    for (const int threads : {1, 2, 3, 7}) {
        context<cpu> ctx({.threads = threads});
        auto again = filled(p.shape(), layout::nchw, 0);
        CHECK(ops::total_variation(ctx, p, 1, again) == expected);
        CHECK(same_bytes(again, gradient));
        CHECK(ops::total_variation(ctx, p, 1, {}) == expected);
    }
}

TEST_CASE("a picture of one colour has no variation") {
    context<cpu> ctx;
    const auto grey = filled({1, 3, 5, 7}, layout::nchw, 0.3f);
    auto gradient = filled(grey.shape(), layout::nchw, 0);
    CHECK(ops::total_variation(ctx, grey, 1, gradient) == 0);
    CHECK(std::count(gradient.begin(), gradient.end(), 0.0f) == gradient.size());
}

TEST_CASE("total_variation is what PyTorch computes") {
    context<cpu> ctx;
    const auto& picture = test::golden().at("picture");
    tensor<float, cpu> p({1, 3, 29, 43});
    std::copy(picture.values.begin(), picture.values.end(), p.begin());
    CHECK(ops::total_variation(ctx, p, 1, {}) ==
          Approx(test::golden().at("tv.sum").values[0]).epsilon(3e-7));
}

TEST_CASE("the reference's total_variation_gradient is the gradient of its total_variation") {
    const auto p = random_map(2, 4, 5, 4);
    const auto loss = [&](const std::vector<double>& values) {
        auto x = p;
        x.values = values;
        return reference::total_variation(x);
    };
    CHECK(relative_error(reference::total_variation_gradient(p).values,
                         reference::numeric_gradient(loss, p.values)) < 1e-8);
}

TEST_CASE("total_variation refuses a gradient of another shape, and maps that are not planar") {
    context<cpu> ctx;
    const auto p = filled({1, 3, 5, 7}, layout::nchw, 0);
    const auto blocked = filled({1, 3, 5, 7}, layout::nchw16c, 0);
    auto wrong = filled({1, 3, 7, 5}, layout::nchw, 0);
    CHECK_THROWS_WITH((void)ops::total_variation(ctx, p, 1, wrong),
                      "total_variation: gradient: expected [1,3,5,7], found [1,3,7,5]");
    CHECK_THROWS_WITH((void)ops::total_variation(ctx, blocked, 1, {}),
                      "total_variation: pixels: expected layout nchw, found nchw16c");
}
