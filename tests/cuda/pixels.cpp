#include <impasto/ops/pixels.hpp>

#include <catch2/catch.hpp>

#include "support/feature_types.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

const ops::pixel_transform bgr{
    .source = {2, 1, 0}, .gain = {2, 0.5f, 255}, .offset = {-0.5f, 0.25f, -100}};

const std::vector<shape> picture_sizes{{1, 3, 1, 1}, {1, 3, 1, 7}, {1, 3, 17, 33}, {1, 3, 2, 300}};

}  // namespace

TEMPLATE_TEST_CASE("pixels become a network's input on the GPU, and its gradient theirs", "", float,
                   half, bfloat16) {
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& s : picture_sizes)
            for (const auto order : {layout::nchw, layout::nhwc})
                for (const auto border :
                     {ops::border::zero, ops::border::replicate, ops::border::wrap})
                    for (const std::int64_t margin : {0, 1, 3}) {
                        CAPTURE(to_string(s), to_string(order), static_cast<int>(border), margin);
                        const shape padded{1, 3, s.h + 2 * margin, s.w + 2 * margin};
                        const auto p = random_map(3, s.h, s.w, 1, 0, 1);
                        auto input = unwritten<TestType>(ctx, padded, order);
                        ops::normalize_pixels(ctx, bgr, border,
                                              to_device<float>(ctx, p, layout::nchw), input);
                        CHECK(relative_error(
                                  to_map(ctx, input).values,
                                  reference::normalize_pixels(p, bgr, border, margin).values) <
                              tolerance<TestType>);

                        const auto d = rounded_to<TestType>(random_map(3, padded.h, padded.w, 2));
                        auto d_pixels = unwritten<float>(ctx, s, layout::nchw);
                        ops::normalize_pixels_backward(
                            ctx, bgr, border, to_device<TestType>(ctx, d, order), d_pixels);
                        CHECK(relative_error(
                                  to_map(ctx, d_pixels).values,
                                  reference::normalize_pixels_backward(d, s, bgr, border).values) <
                              1e-6);
                    }
    });
}

TEMPLATE_TEST_CASE("a map on the GPU goes from planar to interleaved and back", "", float, half,
                   bfloat16) {
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& s : device_shapes) {
            CAPTURE(to_string(s));
            const auto x = random_map(s.c, s.h, s.w, 1);
            const auto expected = rounded_to<TestType>(x).values;
            for (const auto first : {layout::nchw, layout::nhwc})
                for (const auto second : {layout::nchw, layout::nhwc}) {
                    auto there = unwritten<TestType>(ctx, s, second);
                    ops::reorder(ctx, to_device<float>(ctx, x, first), there);
                    CHECK(to_map(ctx, there).values == expected);
                    auto back = unwritten<float>(ctx, s, first);
                    ops::reorder(ctx, there, back);
                    CHECK(to_map(ctx, back).values == expected);
                }
        }
    });
}

TEST_CASE("pixels on the GPU refuse what disagrees") {
    context<cuda> ctx;
    tensor<float, cuda> pixels({1, 3, 4, 5}), four({1, 4, 4, 5});
    tensor<half, cuda> input({1, 3, 6, 6}, layout::nhwc), blocked({1, 3, 4, 5}, layout::nchw8c);
    CHECK_THROWS_WITH(ops::normalize_pixels(ctx, {}, ops::border::zero, pixels, input),
                      "normalize_pixels: input: expected [1,3,6,7], found [1,3,6,6]");
    CHECK_THROWS_WITH(ops::normalize_pixels(ctx, {}, ops::border::zero, pixels, blocked),
                      "normalize_pixels: input: expected layout nhwc, found nchw8c");
    CHECK_THROWS_WITH(ops::reorder(ctx, pixels, four),
                      "reorder: to: expected [1,3,4,5], found [1,4,4,5]");
    CHECK_THROWS_WITH(ops::reorder(ctx, pixels, blocked),
                      "reorder: map: expected layout nhwc, found nchw8c");
}
