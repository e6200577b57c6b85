#include <impasto/ops/pixels.hpp>

#include <catch2/catch.hpp>

#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

const ops::pixel_transform torchvision{.gain = {4.37f, 4.46f, 4.44f},
                                       .offset = {-2.12f, -2.04f, -1.80f}};
const ops::pixel_transform caffe{
    .source = {2, 1, 0}, .gain = {255, 255, 255}, .offset = {-103.9f, -116.8f, -123.7f}};

struct problem {
    std::int64_t h, w, margin;
    ops::border border;
    ops::pixel_transform transform;

    [[nodiscard]] shape input() const { return {1, 3, h + 2 * margin, w + 2 * margin}; }
};

std::vector<problem> problems() {
    std::vector<problem> all;
    for (const auto& [h, w] : {std::pair{1, 1}, {1, 9}, {7, 1}, {2, 3}, {13, 11}, {37, 41}})
        for (const std::int64_t margin : {0, 1, 3})
            for (const auto border : {ops::border::zero, ops::border::replicate, ops::border::wrap})
                for (const auto& transform : {torchvision, caffe})
                    all.push_back({h, w, margin, border, transform});
    return all;
}

}  // namespace

TEST_CASE("normalize_pixels agrees with the reference, margins and channel order included") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto& p : problems()) {
        CAPTURE(p.h, p.w, p.margin, p.border == ops::border::replicate, p.transform.source[0]);
        const auto pixels = random_map(3, p.h, p.w, 1, 0, 1);
        auto input = filled(p.input(), layout::nchw, not_a_number);
        ops::normalize_pixels(ctx, p.transform, p.border, to_tensor(ctx, pixels), input);
        const auto expected = reference::normalize_pixels(pixels, p.transform, p.border, p.margin);
        CHECK(worst_error(to_map(ctx, input).values, expected.values) < 2e-7);
    }
}

TEST_CASE("normalize_pixels_backward agrees with the reference from every layout") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto order : layouts)
        for (const auto& p : problems()) {
            CAPTURE(to_string(order), p.h, p.w, p.margin, p.border == ops::border::replicate,
                    p.transform.source[0]);
            const auto d = random_map(3, p.input().h, p.input().w, 2);
            auto d_input = to_tensor(ctx, d, order);
            if (const auto block = channel_block(order); block > 1)  // the padding is not read
                for (std::int64_t i = 0; i < p.input().pixels(); ++i)
                    std::fill_n(d_input.data() + i * block + 3, block - 3, not_a_number);
            auto d_pixels = filled({1, 3, p.h, p.w}, layout::nchw, not_a_number);
            ops::normalize_pixels_backward(ctx, p.transform, p.border, d_input, d_pixels);
            const auto expected =
                reference::normalize_pixels_backward(d, {1, 3, p.h, p.w}, p.transform, p.border);
            // A single pixel gathers 49 numbers.
            CHECK(worst_error(to_map(ctx, d_pixels).values, expected.values) < 1e-6);
        }
}

TEST_CASE("a margin of zeros is zero after the transform, a replicated one is the edge") {
    context<cpu> ctx;
    const auto white = filled({1, 3, 1, 1}, layout::nchw, 1);
    auto input = filled({1, 3, 3, 3}, layout::nchw, not_a_number);
    ops::normalize_pixels(ctx, torchvision, ops::border::zero, white, input);
    CHECK(std::count(input.begin(), input.end(), 0.0f) == 24);
    ops::normalize_pixels(ctx, torchvision, ops::border::replicate, white, input);
    CHECK(std::count(input.begin(), input.begin() + 9, input.data()[4]) == 9);
    CHECK(input.data()[4] == Approx(4.37f - 2.12f));
}

TEST_CASE("the reference's normalize_pixels_backward is the gradient of its normalize_pixels") {
    for (const auto border : {ops::border::zero, ops::border::replicate, ops::border::wrap})
        for (const std::int64_t margin : {0, 1, 3}) {
            const auto pixels = random_map(3, 2, 5, 3);
            const auto d = random_map(3, 2 + 2 * margin, 5 + 2 * margin, 4);
            const auto loss = [&](const std::vector<double>& values) {
                auto x = pixels;
                x.values = values;
                return reference::dot(reference::normalize_pixels(x, caffe, border, margin).values,
                                      d.values);
            };
            CHECK(relative_error(
                      reference::normalize_pixels_backward(d, pixels.shape(), caffe, border).values,
                      reference::numeric_gradient(loss, pixels.values)) < 1e-8);
        }
}

TEST_CASE("reorder carries every element between any two layouts and zeroes the padding") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto from : layouts)
        for (const auto to : layouts)
            for (auto s : odd_shapes) {
                s.n = 2;
                CAPTURE(to_string(from), to_string(to), to_string(s));
                tensor<float, cpu> planar(s);
                for (std::int64_t i = 0; i < planar.size(); ++i)
                    planar.data()[i] = static_cast<float>(i + 1);
                auto there = filled(s, from, not_a_number), between = filled(s, to, not_a_number);
                auto back = filled(s, layout::nchw, not_a_number);
                ops::reorder(ctx, planar, there);
                ops::reorder(ctx, there, between);
                ops::reorder(ctx, between, back);
                CHECK(same_bytes(planar, back));
                CHECK(std::count(between.begin(), between.end(), 0.0f) ==
                      between.size() - planar.size());
            }
}

TEST_CASE("a blocked layout interleaves the channels of a block") {
    context<cpu> ctx;
    map<double> m(10, 1, 2);
    for (std::size_t i = 0; i < m.values.size(); ++i)
        m.values[i] = static_cast<double>(i);  // channel k, pixel p: 2k + p
    const auto t = to_tensor(ctx, m, layout::nchw8c);
    REQUIRE(t.size() == 32);
    CHECK(t.data()[0] == 0);
    CHECK(t.data()[1] == 2);    // channel 1, pixel 0
    CHECK(t.data()[8] == 1);    // channel 0, pixel 1
    CHECK(t.data()[17] == 18);  // channel 9, pixel 0
    CHECK(t.data()[18] == 0);   // padding
}

TEST_CASE("pixel operations refuse what disagrees, with both shapes") {
    context<cpu> ctx;
    const auto pixels = filled({1, 3, 5, 7}, layout::nchw, 0);
    const auto normalize = [&](shape s, layout order = layout::nchw) {
        auto input = filled(s, order, 0);
        ops::normalize_pixels(ctx, torchvision, ops::border::zero, pixels, input);
    };
    CHECK_THROWS_WITH(normalize({1, 3, 7, 10}),
                      Catch::Contains("[1,3,7,9]") && Catch::Contains("[1,3,7,10]"));
    CHECK_THROWS_WITH(normalize({1, 3, 6, 8}), Catch::Contains("[1,3,6,8]"));
    // Smaller than the pixels on every side.
    CHECK_THROWS_WITH(normalize({1, 3, 3, 5}),
                      Catch::Contains("[1,3,5,7]") && Catch::Contains("[1,3,3,5]"));
    CHECK_THROWS_WITH(normalize({1, 3, 5, 7}, layout::nchw16c),
                      Catch::Contains("expected layout nchw, found nchw16c"));

    auto one_channel = filled({1, 1, 5, 7}, layout::nchw, 0);
    auto input = filled({1, 3, 5, 7}, layout::nchw, 0);
    CHECK_THROWS_WITH(
        ops::normalize_pixels(ctx, torchvision, ops::border::zero, one_channel, input),
        Catch::Contains("[1,3,5,7]") && Catch::Contains("[1,1,5,7]"));
    CHECK_THROWS_AS(
        ops::normalize_pixels_backward(ctx, torchvision, ops::border::zero, input, one_channel),
        shape_error);

    auto interleaved = filled({1, 3, 5, 7}, layout::nhwc, 0);
    auto other = filled({1, 3, 7, 5}, layout::nchw8c, 0);
    CHECK_THROWS_WITH(ops::reorder(ctx, pixels, other),
                      "reorder: to: expected [1,3,5,7], found [1,3,7,5]");
    CHECK_THROWS_WITH(ops::reorder(ctx, pixels, interleaved), Catch::Contains("nhwc"));
}
