#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>

#include "image/files.hpp"
#include "support/temporary_folder.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& file) {
    return test::string_of(read_file(file, 1 << 24));
}

const std::vector<image::text_entry> notes{
    {"Software", "impasto"}, {"impasto", "{\"seed\": 7}"}, {"Title", "Die Brücke – 橋"}};

}  // namespace

TEST_CASE("a PNG gives back every 8-bit value") {
    const test::temporary_folder folder;
    image::picture p({1, 3, 16, 48});
    for (std::int64_t i = 0; i < p.size(); ++i)
        p.data()[i] = static_cast<float>(i * 7 % 256) / 255.0f;
    image::save(folder / "p.PNG", p);
    const auto back = image::load(folder / "p.PNG");
    CHECK(back.shape() == p.shape());
    CHECK(std::equal(p.begin(), p.end(), back.begin()));
}

TEST_CASE("values are rounded and clamped, and NaN is black") {
    image::picture p({1, 3, 1, 7});
    const float inf = std::numeric_limits<float>::infinity();
    const float in[] = {-0.1f, 1.5f, std::nanf(""), inf, -inf, 10.4f / 255, 10.6f / 255};
    const int out[] = {0, 255, 0, 255, 0, 10, 11};
    for (int i = 0; i < 21; ++i)
        p.data()[i] = in[i % 7];
    const auto back = image::decode(image::encode_png(p));
    for (int i = 0; i < 21; ++i)
        CHECK(back.data()[i] == static_cast<float>(out[i % 7]) / 255.0f);
    CHECK(image::decode(image::encode_jpeg(p)).shape() == p.shape());
}

TEST_CASE("a PNG carries text and gives it back in order") {
    const test::temporary_folder folder;
    const auto p = test::gradient(5, 7);
    image::save(folder / "p.png", p, {.text = notes});
    CHECK(image::read_text(folder / "p.png") == notes);
    const auto back = image::load(folder / "p.png");
    const auto plain = image::decode(image::encode_png(p));
    CHECK(std::equal(back.begin(), back.end(), plain.begin()));
    image::save(folder / "plain.png", p);
    CHECK(image::read_text(folder / "plain.png").empty());
}

TEST_CASE("text that others wrote is read where it is plain") {
    const test::temporary_folder folder;
    const auto nul = std::string(1, '\0');
    const std::string chunks =
        test::png_chunk("tEXt", "Author" + nul + "Caf\xE9") +
        test::png_chunk("tEXt", "no separator") +
        test::png_chunk("zTXt", "Packed" + nul + nul + test::deflated("x")) +
        test::png_chunk("iTXt", "A" + nul + "\x01" + nul + nul + nul + "x") +
        test::png_chunk("iTXt", "B" + nul + nul) +
        test::png_chunk("iTXt", "C" + nul + nul + nul + "de" + nul + "c" + nul + "ü");
    write_atomically(folder / "p.png",
                     test::bytes_of(test::png({1, 1, 8, 0}, std::string(2, '\0'), chunks)));
    CHECK(image::read_text(folder / "p.png") ==
          std::vector<image::text_entry>{{"Author", "Café"}, {"C", "ü"}});
}

TEST_CASE("too much text, or none to be had, is refused") {
    const test::temporary_folder folder;
    const auto p = test::gradient(2, 2);
    image::save(folder / "p.png", p, {.text = {{"Comment", std::string(2 << 20, 'x')}}});
    CHECK_THROWS_WITH(image::read_text(folder / "p.png"), Contains("more than 1048576 bytes"));
    image::save(folder / "p.jpg", p);
    CHECK_THROWS_AS(image::read_text(folder / "p.jpg"), format_error);
    CHECK_THROWS_AS(image::read_text(folder / "none.png"), io_error);
}

TEST_CASE("text that a PNG cannot hold is refused and the old file kept") {
    const test::temporary_folder folder;
    const auto p = test::gradient(2, 2);
    image::save(folder / "p.png", p);
    const std::string before = content(folder / "p.png");
    for (const std::string& keyword : {std::string(), std::string(80, 'k'), std::string(" k"),
                                       std::string("Ü"), std::string("a\nb")})
        CHECK_THROWS_AS(image::save(folder / "p.png", p, {.text = {{keyword, "t"}}}), option_error);
    const std::string with_nul("a\0b", 3);
    CHECK_THROWS_AS(image::save(folder / "p.png", p, {.text = {{"k", with_nul}}}), option_error);
    CHECK(content(folder / "p.png") == before);
    CHECK(folder.entries() == 1);
}

TEST_CASE("the same picture gives the same bytes") {
    const auto p = test::gradient(33, 47);
    CHECK(image::encode_png(p, notes) == image::encode_png(p, notes));
    CHECK(image::encode_jpeg(p) == image::encode_jpeg(p));
}

TEST_CASE("a JPEG's quality is within 1 to 100, and lower is smaller") {
    const auto p = test::gradient(64, 64);
    CHECK(image::encode_jpeg(p, 20).size() < image::encode_jpeg(p, 95).size());
    for (const int quality : {0, 101, -5})
        CHECK_THROWS_WITH(image::encode_jpeg(p, quality),
                          Contains("jpeg_quality: " + std::to_string(quality)));
}

TEST_CASE("an extension that is not written is refused, naming those that are") {
    const test::temporary_folder folder;
    for (const char* name : {"p.gif", "p", "p.png.tmp", ".png"}) {
        CHECK_THROWS_AS(image::check_writable(folder / name), option_error);
        CHECK_THROWS_WITH(image::save(folder / name, test::gradient(2, 2)),
                          Contains("use .png, .jpg or .jpeg"));
    }
    CHECK(folder.entries() == 0);
}

TEST_CASE("an output that cannot be written is known beforehand") {
    const test::temporary_folder folder;
    fs::create_directory(folder / "folder.png");
    CHECK_THROWS_WITH(image::check_writable(folder / "folder.png"), Contains("is a directory"));
    CHECK_THROWS_WITH(image::check_writable(folder / "nowhere/p.png"),
                      Contains("there is no folder"));
    CHECK_THROWS_AS(image::save(folder / "nowhere/p.png", test::gradient(2, 2)), io_error);
    image::check_writable(folder / "new.png");
    image::check_writable(folder / "new.JPEG");
    CHECK(folder.entries() == 1);
}

TEST_CASE("only a picture can be saved") {
    const test::temporary_folder folder;
    const tensor<float, cpu> grey({1, 1, 2, 2}), batch({2, 3, 2, 2});
    CHECK_THROWS_AS(image::save(folder / "p.png", grey), shape_error);
    CHECK_THROWS_AS(image::save(folder / "p.png", batch), shape_error);
    CHECK_THROWS_AS(image::save(folder / "p.jpg", image::picture_view{}), shape_error);
    // A view that is refused before anything behind it is read.
    const float nothing = 0;
    CHECK_THROWS_WITH(image::encode_jpeg({&nothing, {1, 3, 1, 70000}}), Contains("65535"));
    CHECK_THROWS_AS(image::encode_png({&nothing, {1, 3, 40000, 40000}}), shape_error);
    CHECK(folder.entries() == 0);
}
