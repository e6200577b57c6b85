#include <random>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>

#include "image/files.hpp"
#include "support/temporary_folder.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using test::bytes_of;
using test::raw;

namespace {

/// The message that refuses the file, without the line break that it must not have.
std::string refusal(const std::string& file, const image::load_options& options = {}) {
    try {
        (void)image::decode(bytes_of(file), "file.png", options);
    } catch (const format_error& e) {
        std::string message = e.what();
        CHECK(message.find('\n') == std::string::npos);
        CHECK(message.starts_with("file.png: "));
        return message;
    }
    return "accepted";
}

std::string sample(bool jpeg) {
    const auto p = test::gradient(97, 131);
    return test::string_of(jpeg ? image::encode_jpeg(p) : image::encode_png(p));
}

}  // namespace

TEST_CASE("a JPEG or PNG that was cut off is refused wherever the cut is") {
    const test::temporary_folder folder;
    for (const bool jpeg : {true, false}) {
        const std::string whole = sample(jpeg);
        (void)image::decode(bytes_of(whole));
        for (std::size_t i = 1; i < 64; ++i) {
            const std::string cut = whole.substr(0, whole.size() * i / 64);
            INFO((jpeg ? "JPEG" : "PNG") << " cut at " << cut.size() << " of " << whole.size());
            CHECK_THAT(refusal(cut), Contains("is cut off"));
            write_atomically(folder / "cut.png", bytes_of(cut));
            CHECK_THROWS_AS(image::load(folder / "cut.png"), format_error);
        }
        for (std::size_t missing = 1; missing < 20; ++missing)
            CHECK(refusal(whole.substr(0, whole.size() - missing)) != "accepted");
    }
}

TEST_CASE("a JPEG with a thumbnail inside is not complete at the thumbnail's end") {
    const std::string whole =
        test::with_exif(sample(true), sample(true).substr(0, 3000) + raw({0xFF, 0xD9}));
    (void)image::decode(bytes_of(whole));
    CHECK_THAT(refusal(whole.substr(0, whole.size() / 2)), Contains("is cut off"));
}

TEST_CASE("a PNG whose pixels end early is refused though every chunk is there") {
    CHECK_THAT(refusal(test::png({4, 4, 8, 0}, raw({0, 1, 2, 3, 4}))),
               Contains("cannot be decoded"));
}

TEST_CASE("a BMP that was cut off is refused") {
    const std::string whole = test::bmp(5, 3, std::string(48, 'x'));
    (void)image::decode(bytes_of(whole));
    for (std::size_t length = 2; length < whole.size(); ++length)
        CHECK_THAT(refusal(whole.substr(0, length)), Contains("is cut off"));
}

TEST_CASE("a claim of 100000x100000 pixels is refused with the size and the limit") {
    const auto size = Contains("100000x100000"), limit = Contains("268435456");
    CHECK_THAT(refusal(test::png({100000, 100000, 8, 2}, raw({0, 1, 2, 3}))), size && limit);
    CHECK_THAT(refusal(test::png({100000, 100000, 16, 6}, "")), size && limit);
    CHECK_THAT(refusal(test::png({0xFFFFFFFF, 0xFFFFFFFF, 8, 2}, "")), Contains("4294967295x"));
    std::string jpeg = sample(true);
    jpeg.replace(jpeg.find("\xFF\xC0") + 5, 4, "\xFF\xFF\xFF\xFF");
    CHECK_THAT(refusal(jpeg), Contains("65535x65535"));
    CHECK_THAT(refusal(test::bmp(1 << 30, -(1 << 30), "")), Contains("is cut off"));
}

TEST_CASE("the limit on pixels can be set and is exact") {
    const std::string file = test::png({3, 2, 8, 0}, raw({0, 1, 2, 3, 0, 4, 5, 6}));
    CHECK(refusal(file, {.max_pixels = 6}) == "accepted");
    CHECK_THAT(refusal(file, {.max_pixels = 5}), Contains("3x2") && Contains("5 pixels"));
}

TEST_CASE("a small PNG may not unpack to more than its pixels") {
    CHECK_THAT(refusal(test::png({1, 1, 8, 0}, std::string(16 << 20, '\0'))),
               Contains("more data than its size in pixels needs"));
}

TEST_CASE("what is no picture is told by how it starts") {
    CHECK_THAT(refusal("Hello, world\n and more"),
               EndsWith("not a JPEG, PNG or BMP picture (it starts with 'Hello, world')"));
    CHECK_THAT(refusal("GIF89a\x01\x02"), EndsWith("(it starts with 'GIF89a')"));
    CHECK_THAT(refusal("Hi"), EndsWith("(it starts with 'Hi')"));
    CHECK_THAT(refusal(raw({0, 1, 0xAB, 0xFF, 5})), EndsWith("the bytes 00 01 ab ff)"));
    CHECK_THAT(refusal(""), EndsWith("(it is empty)"));
    CHECK_THAT(refusal(std::string("\x89PNG\r\n\x1A\n", 8)), Contains("is cut off"));
    CHECK_THAT(refusal(raw({0xFF, 0xD8, 0xFF, 0xD9})), Contains("holds no picture"));
}

TEST_CASE("a missing file, a directory and an empty file are told apart by load") {
    const test::temporary_folder folder;
    CHECK_THROWS_AS(image::load(folder / "none.png"), io_error);
    CHECK_THROWS_AS(image::load(folder.path()), io_error);
    write_atomically(folder / "empty.png", {});
    CHECK_THROWS_WITH(image::load(folder / "empty.png"), EndsWith("empty.png: the file is empty"));
}

TEST_CASE("a PNG with a wrong checksum is refused with the place") {
    std::string file = sample(false);
    file[file.size() / 2] ^= 1;
    CHECK_THAT(refusal(file), Contains("byte 33 does not match its checksum"));
}

TEST_CASE("a JPEG's Huffman table of more than 256 symbols, or beyond its segment, is refused") {
    const std::string whole = sample(true);
    const std::size_t counts = whole.find("\xFF\xC4") + 5;
    for (const std::string& wrong : {std::string(16, '\xFF'), std::string(16, '\x10') + "\x11"}) {
        std::string file = whole;
        file.replace(counts, wrong.size(), wrong);
        CHECK_THAT(refusal(file), Contains("a Huffman table is too long"));
    }
    const std::string tables = raw({0xFF, 0xC4, 0, 5, 0, 1, 2});
    CHECK_THAT(refusal(whole.substr(0, 2) + tables + whole.substr(2)),
               Contains("a Huffman table is too long"));
}

TEST_CASE("a JPEG of a thousand scans is refused before the first is decoded") {
    std::string file = sample(true);
    const std::string scan = raw({0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0});
    for (int i = 0; i < 1000; ++i)
        file.insert(file.size() - 2, scan);
    CHECK_THAT(refusal(file), Contains("more than 500 scans"));
}

TEST_CASE("random damage gives a picture or one error, never anything else") {
    const std::uint32_t seed = 20240607;
    std::mt19937 random(seed);
    const auto p = test::gradient(19, 23);
    const std::string jpeg = test::string_of(image::encode_jpeg(p, 80));
    const std::string large_jpeg = sample(true), png = sample(false);
    std::string rows;
    for (int y = 0; y < 19; ++y)
        rows += raw({y % 5}) + std::string(23 * 3, static_cast<char>(7 * y));
    const std::string packed = test::deflated(rows);
    for (int round = 0; round < 1000; ++round) {
        INFO("seed " << seed << ", round " << round);
        const auto damaged = [&](std::string file) {
            for (int change = 0; change < 3; ++change)
                file[random() % file.size()] = static_cast<char>(random());
            return file;
        };
        (void)refusal(damaged(jpeg));
        (void)refusal(damaged(round % 2 == 0 ? large_jpeg : png));
        (void)refusal(damaged(test::bmp(4, 4, std::string(48, 'x'))));
        // Its checksums are right, so that the damage reaches the decoder.
        const auto header =
            test::big_endian(23, 4) + test::big_endian(19, 4) +
            raw({8, static_cast<int>(random() % 8), 0, 0, static_cast<int>(round % 2)});
        (void)refusal("\x89PNG\r\n\x1A\n" + test::png_chunk("IHDR", header) +
                      test::png_chunk("IDAT", damaged(packed)) + test::png_chunk("IEND", ""));
    }
}
