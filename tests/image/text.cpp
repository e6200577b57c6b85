#include <impasto/image/text.hpp>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using image::draw_text;
using image::text_width;

namespace {

/// Ink at each pixel, 0 to 1.
std::vector<float> written(const std::string& text, const image::text_style& style = {},
                           std::int64_t h = 24, std::int64_t w = 20, float x = 4, float y = 3) {
    auto canvas = filled({1, 3, h, w}, layout::nchw, 1);
    draw_text(canvas, x, y, text, style);
    std::vector<float> ink;
    for (std::int64_t i = 0; i < h * w; ++i) {
        CHECK(canvas.data()[i] == canvas.data()[i + h * w]);  // black is black in every colour
        ink.push_back(1 - canvas.data()[i]);
    }
    return ink;
}

}  // namespace

TEST_CASE("every letter differs from every other, and stays within its box") {
    std::set<std::vector<float>> seen;
    for (char c = ' '; c < 127; ++c) {
        CAPTURE(c);
        const auto ink = written({c});
        CHECK(seen.insert(ink).second);
        const float right = 4 + text_width({&c, 1}) + 1;
        for (std::size_t i = 0; i < ink.size(); ++i)
            if (const auto x = static_cast<float>(i % 20); x + 1 < 3 || x > right || i / 20 < 1)
                CHECK(ink[i] == 0);
    }
    CHECK(seen.insert(written("\x7f")).second);
    CHECK(written("\xff") == written("\x01"));
}

TEST_CASE("a stroke has its width, its colour and soft edges") {
    const auto ink = written("I", {.height = 14, .weight = 2.0f / 14});
    for (std::size_t y = 4; y < 16; ++y) {
        CHECK(ink[y * 20 + 2] == 0);
        CHECK(ink[y * 20 + 3] == Approx(1));
        CHECK(ink[y * 20 + 4] == Approx(1));
        CHECK(ink[y * 20 + 5] == 0);
    }
    const auto shifted = written("I", {.height = 14, .weight = 2.0f / 14}, 24, 20, 4.25f);
    CHECK(shifted[10 * 20 + 3] == Approx(0.75));
    CHECK(shifted[10 * 20 + 5] == Approx(0.25));

    auto canvas = filled({1, 3, 9, 9}, layout::nchw, 0);
    draw_text(canvas, 4, 1, "I", {.height = 7, .weight = 0.3f, .color = {0.2f, 0.4f, 0.8f}});
    for (std::int64_t k = 0; k < 3; ++k)
        CHECK(canvas.data()[(k * 9 + 4) * 9 + 4] == Approx(0.2f * std::exp2(k)));
}

TEST_CASE("the width of a text grows with its letters and its height") {
    CHECK(text_width("") == 0);
    CHECK(text_width("00", {.height = 14}) == Approx(2 * text_width("0", {.height = 14}) + 4));
    CHECK(text_width("relu", {.height = 28}) == Approx(2 * text_width("relu", {.height = 14})));
    for (char c = '1'; c <= '9'; ++c)
        CHECK(text_width({&c, 1}) == text_width("0"));  // figures stand in columns
}

TEST_CASE("what reaches over the edge is cut off") {
    for (const auto& [x, y] : {std::pair{-30.0f, 3.0f},
                               {15.0f, 3.0f},
                               {4.0f, -9.0f},
                               {4.0f, 20.0f},
                               {-1e30f, 0.0f},
                               {1e30f, 1e30f}})
        for (const float v : written("Wg@", {}, 11, 17, x, y))
            CHECK((v >= 0 && v <= 1));
    auto flat = filled({1, 1, 5, 5}, layout::nchw, 0);
    CHECK_THROWS_AS(draw_text(flat, 0, 0, "A"), shape_error);
}
