#include <impasto/nn/receptive_field.hpp>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "insight/networks.hpp"
#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using nn::box;

namespace {

struct row {
    const char* tap;
    nn::receptive_field field;  ///< size, stride, start
};

// Worked out by hand: a convolution adds 2·stride to the size and takes stride from the start; a
// pool adds stride to the size and doubles the stride.
constexpr row beginning[]{
    {"relu1_1", {3, 1, -1}},   {"relu1_2", {5, 1, -2}},   {"pool1", {6, 2, -2}},
    {"relu2_1", {10, 2, -4}},  {"relu2_2", {14, 2, -6}},  {"pool2", {16, 4, -6}},
    {"relu3_1", {24, 4, -10}}, {"relu3_2", {32, 4, -14}}, {"relu3_3", {40, 4, -18}}};
constexpr row vgg16_end[]{
    {"pool3", {44, 8, -18}},     {"relu4_1", {60, 8, -26}},   {"relu4_2", {76, 8, -34}},
    {"relu4_3", {92, 8, -42}},   {"pool4", {100, 16, -42}},   {"relu5_1", {132, 16, -58}},
    {"relu5_2", {164, 16, -74}}, {"relu5_3", {196, 16, -90}}, {"pool5", {212, 32, -90}}};
constexpr row vgg19_end[]{
    {"relu3_4", {48, 4, -22}},    {"pool3", {52, 8, -22}},      {"relu4_1", {68, 8, -30}},
    {"relu4_2", {84, 8, -38}},    {"relu4_3", {100, 8, -46}},   {"relu4_4", {116, 8, -54}},
    {"pool4", {124, 16, -54}},    {"relu5_1", {156, 16, -70}},  {"relu5_2", {188, 16, -86}},
    {"relu5_3", {220, 16, -102}}, {"relu5_4", {252, 16, -118}}, {"pool5", {268, 32, -118}}};

void check(const nn::topology& network, std::span<const row> rows) {
    for (const auto& [tap, field] : rows) {
        CAPTURE(network.name, tap);
        CHECK(nn::receptive_field_of(network.layers, tap) == field);
        CHECK(nn::receptive_field_of(network.layers, nn::find_tap(network.layers, tap)) == field);
    }
}

/// The smallest box around the pixels on which unit (row, column) depends; every pixel in it must.
box numeric_field(context<cpu>& ctx, nn::features<float, cpu>& features, std::int64_t row,
                  std::int64_t column) {
    const auto [n, c, h, w] = features.pixels_shape();
    features.forward(ctx, filled({1, 3, h, w}, layout::nchw, 0.5f));
    tensor<float, cpu> d_pixels({1, 3, h, w});
    const auto add_one = [&](std::size_t, auto map, auto gradient) {
        REQUIRE(map.data()[(row * map.shape().w + column) * channel_block(map.layout())] > 0);
        gradient.data()[(row * map.shape().w + column) * channel_block(map.layout())] = 1;
    };
    features.backward(ctx, add_one, d_pixels);
    std::int64_t top = h, left = w, bottom = -1, right = -1, seen = 0;
    for (std::int64_t y = 0; y < h; ++y)
        for (std::int64_t x = 0; x < w; ++x) {
            if (!(d_pixels.data()[y * w + x] != 0))
                continue;
            ++seen;
            top = std::min(top, y), bottom = std::max(bottom, y);
            left = std::min(left, x), right = std::max(right, x);
        }
    const box around{left, top, right - left + 1, bottom - top + 1};
    CHECK(seen == around.width * around.height);
    return around;
}

}  // namespace

TEST_CASE("receptive fields are those worked out by hand") {
    check(nn::vgg16, beginning);
    check(nn::vgg16, vgg16_end);
    check(nn::vgg19, beginning);
    check(nn::vgg19, vgg19_end);
    check(nn::small_vgg, beginning);
    check(nn::small_vgg, std::span(vgg16_end).first(3));
    CHECK_THROWS_AS(nn::receptive_field_of(nn::small_vgg.layers, "relu5_1"), option_error);
}

TEST_CASE("a unit's box moves by the stride and is clipped to the picture") {
    constexpr nn::receptive_field field{14, 2, -6};
    CHECK(field.of_unit(0, 0) == box{-6, -6, 14, 14});
    CHECK(field.of_unit(3, 10) == box{14, 0, 14, 14});
    CHECK(clip(field.of_unit(0, 0), 5, 100) == box{0, 0, 8, 5});
    CHECK(clip(field.of_unit(3, 10), 100, 17) == box{14, 0, 3, 14});
}

TEST_CASE("central units are those whose central half lies within the picture or covers it") {
    for (const nn::receptive_field field :
         {nn::receptive_field{1, 1, 0}, {3, 1, -1}, {5, 1, -2}, {6, 2, -2}, {100, 8, -46}})
        for (const std::int64_t h : {1, 2, 7, 49, 50, 51, 60, 300}) {
            CAPTURE(field.size, h);
            const std::int64_t w = 137, quarter = field.size / 4;
            const auto is_central = [&](std::int64_t unit, std::int64_t side) {
                const auto first = field.start + unit * field.stride + quarter;
                const auto last = first + field.size - 2 * quarter;
                return (first >= 0 && last <= side) || (first <= 0 && last >= side);
            };
            const auto found = nn::central_units(field, h, w);
            for (std::int64_t unit = 0; unit < w; ++unit) {
                CHECK(is_central(unit, h) == (unit >= found.y && unit < found.y + found.height));
                CHECK(is_central(unit, w) == (unit >= found.x && unit < found.x + found.width));
            }
        }
    // Unit i of VGG-19's relu4_3 has its central half at pixels 8i - 21 to 8i + 28.
    CHECK(nn::central_units({100, 8, -46}, 100, 58) == box{3, 3, 1, 6});
}

TEST_CASE("the clipped receptive field is exactly where a unit's gradient is not zero") {
    context<cpu> ctx({.threads = 2});
    const auto border = GENERATE(ops::border::zero, ops::border::replicate);
    for (const auto& table : {nn::vgg11, nn::vgg16, nn::vgg19, nn::small_vgg}) {
        const auto net = test::positive_network(table);
        for (const auto& [tap, h, w] : {std::tuple{"relu1_1", 3, 1},
                                        {"relu1_1", 7, 5},
                                        {"pool1", 7, 9},
                                        {"relu2_1", 31, 17},
                                        {"pool2", 15, 22},
                                        {"relu3_1", 31, 47},
                                        {"pool3", 61, 8},
                                        {"relu4_2", 15, 15},
                                        {"relu4_2", 127, 93}}) {
            CAPTURE(table.name, tap, h, w, border == ops::border::replicate);
            nn::features<float, cpu> features(
                ctx, net, {1, 3, h, w},
                {.taps = {tap},
                 .view = {.pooling = {ops::pooling::average},
                          .border = border,
                          .convolution = {ops::conv_algorithm::direct}}});
            const auto field = nn::receptive_field_of(net.layers, tap);
            const auto map = features.tap_shape(0);
            for (const auto row : {std::int64_t{0}, map.h / 2, map.h - 1})
                for (const auto column : {std::int64_t{0}, map.w / 2, map.w - 1}) {
                    CAPTURE(row, column);
                    CHECK(numeric_field(ctx, features, row, column) ==
                          clip(field.of_unit(row, column), h, w));
                }
        }
    }
}

TEST_CASE("the deepest layer of VGG-19 sees 252 pixels and no more") {
    context<cpu> ctx({.threads = 2});
    const auto net = test::positive_network(nn::vgg19);
    nn::features<float, cpu> features(ctx, net, {1, 3, 331, 299},
                                      {.taps = {"relu5_4"},
                                       .view = {.pooling = {ops::pooling::average},
                                                .convolution = {ops::conv_algorithm::direct}}});
    CHECK(numeric_field(ctx, features, 10, 9) == box{-118 + 9 * 16, -118 + 10 * 16, 252, 252});
}
