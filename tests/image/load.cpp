#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>
#include <impasto/image/color.hpp>

#include "image/files.hpp"
#include "support/temporary_folder.hpp"

using namespace impasto;
using test::bytes_of;
using test::raw;

namespace {

image::picture decode(const std::string& file) {
    return image::decode(bytes_of(file));
}

std::vector<float> values(const image::picture& p) {
    return {p.begin(), p.end()};
}

/// 0 to 255 as the picture has it.
float f(int value) {
    return static_cast<float>(value) / 255.0f;
}

/// What 2 rows of 3 pixels, abc and def, look like upright; EXIF 2.32, tag 0x0112.
struct {
    int orientation;
    std::int64_t height, width;
    const char* upright;
} const orientations[] = {{1, 2, 3, "abcdef"}, {2, 2, 3, "cbafed"}, {3, 2, 3, "fedcba"},
                          {4, 2, 3, "defabc"}, {5, 3, 2, "adbecf"}, {6, 3, 2, "daebfc"},
                          {7, 3, 2, "fcebda"}, {8, 3, 2, "cfbead"}, {0, 2, 3, "abcdef"},
                          {9, 2, 3, "abcdef"}};

int level(char letter) {
    return 20 + 40 * (letter - 'a');
}

/// abc over def, each letter a square of grey.
image::picture letters(std::int64_t square) {
    image::picture p({1, 3, 2 * square, 3 * square});
    for (std::int64_t i = 0; i < p.size(); ++i) {
        const std::int64_t x = i % (3 * square), y = i / (3 * square) % (2 * square);
        p.data()[i] = f(level("abcdef"[y / square * 3 + x / square]));
    }
    return p;
}

}  // namespace

TEST_CASE("8-bit RGB is read in place and exactly") {
    const auto p = decode(test::png({2, 1, 8, 2}, raw({0, 255, 0, 51, 1, 2, 3})));
    CHECK(p.shape() == shape{1, 3, 1, 2});
    CHECK(values(p) == std::vector{1.0f, f(1), 0.0f, f(2), f(51), f(3)});
}

TEST_CASE("16-bit samples keep their last bit") {
    const auto p = decode(test::png(
        {2, 1, 16, 2}, raw({0, 0x80, 0, 0x80, 1, 0x80, 2, 0xFF, 0xFF, 0xFF, 0xFE, 0, 1})));
    CHECK(values(p) == std::vector{0x8000 / 65535.0f, 1.0f, 0x8001 / 65535.0f, 0xFFFE / 65535.0f,
                                   0x8002 / 65535.0f, 1 / 65535.0f});
    const auto grey = decode(test::png({1, 1, 16, 0}, raw({0, 0x12, 0x34})));
    CHECK(values(grey) == std::vector<float>(3, 0x1234 / 65535.0f));
}

TEST_CASE("grey becomes RGB") {
    CHECK(values(decode(test::png({1, 1, 8, 0}, raw({0, 77})))) == std::vector<float>(3, f(77)));
    const auto bits = decode(test::png({8, 1, 1, 0}, raw({0, 0b10110001})));
    CHECK(std::vector(bits.begin(), bits.begin() + 8) ==
          std::vector<float>{1, 0, 1, 1, 0, 0, 0, 1});
}

TEST_CASE("a palette is looked up, its transparency too") {
    const auto palette = test::png_chunk("PLTE", raw({10, 20, 30, 200, 100, 0}));
    const auto rows = raw({0, 1, 0});
    CHECK(values(decode(test::png({2, 1, 8, 3}, rows, palette))) ==
          std::vector{f(200), f(10), f(100), f(20), f(0), f(30)});
    const auto clear = palette + test::png_chunk("tRNS", raw({255, 0}));
    CHECK(values(decode(test::png({2, 1, 8, 3}, rows, clear))) ==
          std::vector{1.0f, f(10), 1.0f, f(20), 1.0f, f(30)});
}

TEST_CASE("transparency is laid over white") {
    const auto p =
        decode(test::png({3, 1, 8, 6}, raw({0, 255, 0, 0, 128, 9, 9, 9, 0, 9, 8, 7, 255})));
    const float half = 128 / 255.0f;
    const std::vector<float> expected{1, 1, f(9), 1 - half, 1, f(8), 1 - half, 1, f(7)};
    for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(p.data()[i] == Approx(expected[i]).margin(1e-7));
    const auto grey = decode(test::png({1, 1, 8, 4}, raw({0, 0, 51})));
    CHECK(grey.data()[2] == Approx(0.8));
    const auto deep = decode(test::png({1, 1, 16, 4}, raw({0, 0, 0, 0x33, 0x33})));
    CHECK(deep.data()[0] == Approx(0.8));
}

TEST_CASE("a PNG is turned upright by its EXIF orientation, exactly") {
    std::string rows;
    for (const char* row : {"abc", "def"})
        rows += raw({0, level(row[0]), level(row[1]), level(row[2])});
    for (const auto& o : orientations) {
        for (const bool intel : {true, false}) {
            const auto exif =
                test::png_chunk("eXIf", test::orientation_block(o.orientation, intel));
            const auto p = decode(test::png({3, 2, 8, 0}, rows, exif));
            INFO("orientation " << o.orientation);
            REQUIRE(p.shape() == shape{1, 3, o.height, o.width});
            for (int i = 0; i < 18; ++i)
                CHECK(p.data()[i] == f(level(o.upright[i % 6])));
        }
    }
}

TEST_CASE("a JPEG is turned upright by its EXIF orientation") {
    constexpr std::int64_t square = 16;
    const auto jpeg = test::string_of(image::encode_jpeg(letters(square), 100));
    for (const auto& o : orientations) {
        for (const bool intel : {true, false}) {
            const auto p =
                decode(test::with_exif(jpeg, test::orientation_block(o.orientation, intel)));
            INFO("orientation " << o.orientation);
            REQUIRE(p.shape() == shape{1, 3, o.height * square, o.width * square});
            for (int i = 0; i < 6; ++i) {
                const std::int64_t y = i / o.width * square + 8, x = i % o.width * square + 8;
                CHECK(p.data()[y * p.shape().w + x] ==
                      Approx(f(level(o.upright[i]))).margin(1.5 / 255));
            }
        }
    }
}

TEST_CASE("damaged EXIF leaves the picture as it is stored") {
    const auto jpeg = test::string_of(image::encode_jpeg(letters(16), 100));
    const auto block = test::orientation_block(6, true);
    for (std::size_t length = 0; length < block.size() - 6; ++length) {
        const auto p = decode(test::with_exif(jpeg, block.substr(0, length)));
        CHECK(p.shape() == shape{1, 3, 32, 48});
    }
}

TEST_CASE("a BMP is read, either way up") {
    const auto rows = raw({3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0});
    const std::vector top_down{f(1), f(4),  f(7), f(10), f(2), f(5),
                               f(8), f(11), f(3), f(6),  f(9), f(12)};
    CHECK(values(decode(test::bmp(2, -2, rows))) == top_down);
    const auto p = decode(test::bmp(2, 2, rows));
    CHECK(std::vector(p.begin(), p.begin() + 4) == std::vector{f(7), f(10), f(1), f(4)});
}

TEST_CASE("a JPEG stays close to what was written, whatever its name") {
    const test::temporary_folder folder;
    for (const auto& [h, w] : {std::pair{61, 83}, {8, 8}, {1, 1}, {1, 97}, {97, 1}}) {
        const auto p = test::gradient(h, w);
        image::save(folder / "p.jpg", p);
        std::filesystem::rename(folder / "p.jpg", folder / "p.png");
        const auto back = image::load(folder / "p.png");
        CHECK(back.shape() == p.shape());
        CHECK(image::psnr(back, p) > 38);
    }
}

TEST_CASE("stray bytes after a picture, and between a JPEG's segments, do no harm") {
    const auto jpeg = test::string_of(image::encode_jpeg(test::gradient(20, 30)));
    const auto expected = values(decode(jpeg));
    CHECK(values(decode(jpeg + "trailer")) == expected);
    CHECK(values(decode(jpeg.substr(0, 20) + raw({0, 0}) + jpeg.substr(20))) == expected);
    const auto png = test::string_of(image::encode_png(test::gradient(20, 30)));
    CHECK(values(decode(png + "trailer")) == values(decode(png)));
}
