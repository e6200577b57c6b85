#include <impasto/image/crop.hpp>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using image::box;

TEST_CASE("a mirrored picture repeats its edge, goes on mirrored, and loses its margin again") {
    image::picture row({1, 3, 1, 3});
    for (std::int64_t i = 0; i < 9; ++i)
        row.data()[i] = static_cast<float>(i % 3);
    const auto wide = image::mirrored(row, 4);
    CHECK(wide.shape() == shape{1, 3, 9, 11});
    const std::vector<float> expected{2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0};
    for (std::int64_t y = 0; y < 27; ++y)
        CHECK(std::vector<float>(wide.data() + 11 * y, wide.data() + 11 * (y + 1)) == expected);
    const auto back = image::without_margin(wide, 4);
    CHECK(back.shape() == row.shape());
    CHECK(std::equal(back.begin(), back.end(), row.begin()));
    CHECK_THROWS_AS(image::without_margin(row, 1), shape_error);
}

TEST_CASE("a box is clipped to the picture, to nothing where it lies outside") {
    CHECK(clip(box{2, 3, 4, 5}, 9, 7) == box{2, 3, 4, 5});
    CHECK(clip(box{-2, -3, 40, 50}, 9, 7) == box{0, 0, 7, 9});
    CHECK(clip(box{5, 7, 4, 5}, 9, 7) == box{5, 7, 2, 2});
    CHECK(clip(box{20, 0, 5, 5}, 9, 7).width == 0);
    CHECK(clip(box{-9, 0, 5, 5}, 9, 7) == box{0, 0, 0, 5});
}

TEST_CASE("a crop is the pixels of its box") {
    context<cpu> ctx;
    const auto whole = random_map(3, 7, 5, 1);
    const auto part = to_map(ctx, image::crop(to_tensor(ctx, whole), {1, 3, 4, 2}));
    REQUIRE(part.shape() == shape{1, 3, 2, 4});
    for (std::int64_t k = 0; k < 3; ++k)
        for (std::int64_t y = 0; y < 2; ++y)
            for (std::int64_t x = 0; x < 4; ++x)
                CHECK(part.at(k, y, x) == whole.at(k, y + 3, x + 1));
}

TEST_CASE("a crop that is not in the picture is refused") {
    const auto picture = filled({1, 3, 7, 5}, layout::nchw, 0);
    for (const auto& wanted : {box{0, 0, 6, 7},
                               {0, 0, 5, 8},
                               {-1, 0, 2, 2},
                               {0, 5, 1, 3},
                               {2, 2, 0, 1},
                               {2, 2, 1, 0},
                               {2, 2, -1, 1}})
        CHECK_THROWS_AS(image::crop(picture, wanted), shape_error);
    CHECK_THROWS_WITH(image::crop(picture, {1, 2, 5, 3}),
                      "crop: 5x3 pixels at x=1, y=2 are not in a picture of 5x7");
}

TEST_CASE("what is pasted stands at its place, and nothing else changes") {
    context<cpu> ctx;
    const auto before = random_map(3, 7, 5, 2), patch = random_map(3, 2, 4, 3);
    auto whole = to_tensor(ctx, before);
    image::paste(to_tensor(ctx, patch), 1, 3, whole);
    const auto after = to_map(ctx, whole);
    for (std::int64_t k = 0; k < 3; ++k)
        for (std::int64_t y = 0; y < 7; ++y)
            for (std::int64_t x = 0; x < 5; ++x) {
                const bool inside = y >= 3 && y < 5 && x >= 1;
                CHECK(after.at(k, y, x) ==
                      (inside ? patch.at(k, y - 3, x - 1) : before.at(k, y, x)));
            }
    CHECK_THROWS_WITH(image::paste(to_tensor(ctx, patch), 2, 3, whole),
                      "paste: 4x2 pixels at x=2, y=3 are not in a picture of 5x7");
}
