#include <impasto/ops/pixels.hpp>

#include <catch2/catch.hpp>

#include "support/engine.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

const ops::pixel_transform torchvision{.gain = {4.37f, 4.46f, 4.44f},
                                       .offset = {-2.12f, -2.04f, -1.80f}};
const ops::pixel_transform bgr{
    .source = {2, 1, 0}, .gain = {2, 0.5f, 255}, .offset = {-0.5f, 0.25f, -100}};

struct problem {
    std::int64_t h, w, margin;
    ops::border border;
    ops::pixel_transform transform;

    [[nodiscard]] shape input() const { return {1, 3, h + 2 * margin, w + 2 * margin}; }
};

std::vector<problem> problems() {
    std::vector<problem> all;
    for (const auto& [h, w] : {std::pair{1, 1}, {1, 9}, {7, 1}, {13, 11}, {2, 300}})
        for (const std::int64_t margin : {0, 1, 3})
            for (const auto border : {ops::border::zero, ops::border::replicate, ops::border::wrap})
                for (const auto& transform : {torchvision, bgr})
                    all.push_back({h, w, margin, border, transform});
    return all;
}

}  // namespace

TEMPLATE_TEST_CASE("pixels become a network's input, and its gradient theirs", "",
                   IMPASTO_MAP_TYPES) {
    in_every_way([](context<device>& ctx) {
        for (const auto order : any_orders)
            for (const auto& p : problems()) {
                CAPTURE(to_string(order), p.h, p.w, p.margin, static_cast<int>(p.border),
                        p.transform.source[0]);
                if (on_cuda || order == layout::nchw) {  // the CPU's first convolution reads planes
                    const auto pixels = random_map(3, p.h, p.w, 1, 0, 1);
                    auto input = filled_on_device<TestType>(ctx, p.input(), order);
                    ops::normalize_pixels<TestType>(ctx, p.transform, p.border,
                                                    on_device<float>(ctx, pixels, layout::nchw),
                                                    input);
                    CHECK(relative_error(
                              to_map(ctx, input).values,
                              reference::normalize_pixels(pixels, p.transform, p.border, p.margin)
                                  .values) < elementwise<TestType>);
                }
                const auto d = rounded_to<TestType>(random_map(3, p.input().h, p.input().w, 2));
                auto d_pixels = filled_on_device<float>(ctx, {1, 3, p.h, p.w}, layout::nchw);
                ops::normalize_pixels_backward<TestType>(
                    ctx, p.transform, p.border, on_device<TestType>(ctx, d, order), d_pixels);
                // A single pixel gathers 49 numbers.
                CHECK(relative_error(to_map(ctx, d_pixels).values,
                                     reference::normalize_pixels_backward(d, {1, 3, p.h, p.w},
                                                                          p.transform, p.border)
                                         .values) < 1e-6);
            }
    });
}

TEST_CASE("a margin of zeros is zero after the transform, a replicated one is the edge") {
    context<device> ctx;
    const auto white = filled_on_device<float>(ctx, {1, 3, 1, 1}, layout::nchw, 1);
    auto input = filled_on_device<float>(ctx, {1, 3, 3, 3}, layout::nchw);
    ops::normalize_pixels(ctx, torchvision, ops::border::zero, white, input);
    auto found = values_of(ctx, input);
    CHECK(std::count(found.begin(), found.end(), 0.0) == 24);
    ops::normalize_pixels(ctx, torchvision, ops::border::replicate, white, input);
    found = values_of(ctx, input);
    CHECK(std::count(found.begin(), found.begin() + 9, found[4]) == 9);
    CHECK(found[4] == Approx(4.37f - 2.12f));
}

TEMPLATE_TEST_CASE("reorder carries every element between any two layouts", "", IMPASTO_MAP_TYPES) {
    in_every_way([](context<device>& ctx) {
        for (const auto& s : shapes) {
            CAPTURE(to_string(s));
            const auto x = random_map(s.c, s.h, s.w, 1);
            const auto expected = rounded_to<TestType>(x).values;
            for (const auto first : any_orders)
                for (const auto second : any_orders) {
                    CAPTURE(to_string(first), to_string(second));
                    auto there = filled_on_device<TestType>(ctx, s, second);
                    ops::reorder<float, TestType>(ctx, on_device<float>(ctx, x, first), there);
                    CHECK(to_map(ctx, there).values == expected);
                    auto back = filled_on_device<float>(ctx, s, first);
                    ops::reorder<TestType>(ctx, there, back);
                    CHECK(to_map(ctx, back).values == expected);
                }
        }
    });
}

TEST_CASE("pixel operations refuse what disagrees, with both shapes") {
    context<device> ctx;
    const auto foreign_order = on_cuda ? layout::nchw8c : layout::nhwc;
    tensor<float, device> pixels({1, 3, 5, 7}), one_channel({1, 1, 5, 7}), four({1, 4, 5, 7});
    tensor<float, device> input({1, 3, 5, 7}), foreign({1, 3, 5, 7}, foreign_order);
    const auto normalize = [&](shape s) {
        tensor<float, device> to(s);
        ops::normalize_pixels(ctx, torchvision, ops::border::zero, pixels, to);
    };
    CHECK_THROWS_WITH(normalize({1, 3, 7, 10}),
                      "normalize_pixels: input: expected [1,3,7,9], found [1,3,7,10]");
    CHECK_THROWS_WITH(normalize({1, 3, 6, 8}), Catch::Contains("[1,3,6,8]"));
    // Smaller than the pixels on every side.
    CHECK_THROWS_WITH(normalize({1, 3, 3, 5}),
                      Catch::Contains("[1,3,5,7]") && Catch::Contains("[1,3,3,5]"));
    CHECK_THROWS_WITH(ops::normalize_pixels(ctx, {}, ops::border::zero, pixels, foreign),
                      Catch::StartsWith("normalize_pixels: input: expected layout nchw"));
    CHECK_THROWS_WITH(
        ops::normalize_pixels(ctx, torchvision, ops::border::zero, one_channel, input),
        Catch::Contains("[1,3,5,7]") && Catch::Contains("[1,1,5,7]"));
    CHECK_THROWS_AS(
        ops::normalize_pixels_backward(ctx, torchvision, ops::border::zero, input, one_channel),
        shape_error);
    CHECK_THROWS_WITH(ops::reorder(ctx, pixels, four),
                      "reorder: to: expected [1,3,5,7], found [1,4,5,7]");
    CHECK_THROWS_WITH(ops::reorder(ctx, pixels, foreign),
                      Catch::StartsWith("reorder: to: expected layout nchw or ") &&
                          Catch::EndsWith(to_string(foreign_order)));
}
