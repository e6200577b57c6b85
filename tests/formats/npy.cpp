#include <impasto/formats/npy.hpp>

#include <cstring>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>

#include "support/temporary_folder.hpp"

using namespace impasto;
using Catch::Matchers::Contains;

namespace {

std::vector<std::byte> bytes_of(const std::filesystem::path& file) {
    return read_file(file, 1 << 20);
}

std::string text_of(const std::filesystem::path& file) {
    const auto bytes = bytes_of(file);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write_text(const std::filesystem::path& file, const std::string& text) {
    write_atomically(file, std::as_bytes(std::span(text)));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

const std::vector<float> six{0, -1.5f, 2, 3e-20f, 4e30f, 5};

}  // namespace

TEST_CASE("an array is read back as it was written") {
    const test::temporary_folder folder;
    const auto extents = GENERATE(std::vector<std::int64_t>{6}, std::vector<std::int64_t>{2, 3},
                                  std::vector<std::int64_t>{1, 2, 1, 3});
    formats::npy::write(folder / "a.npy", {extents, six});
    const formats::npy::array back = formats::npy::read(folder / "a.npy");
    CHECK(back.extents == extents);
    CHECK(back.values == six);
}

TEST_CASE("a scalar and an empty array are arrays too") {
    const test::temporary_folder folder;
    formats::npy::write(folder / "scalar.npy", {{}, {six.data(), 1}});
    CHECK(formats::npy::read(folder / "scalar.npy").extents.empty());
    formats::npy::write(folder / "empty.npy", {{0, 3}, {}});
    CHECK(formats::npy::read(folder / "empty.npy").extents == std::vector<std::int64_t>{0, 3});
}

TEST_CASE("the bytes are those of the npy format") {
    const test::temporary_folder folder;
    formats::npy::write(folder / "a.npy", {{2, 3}, six});
    const std::string text = text_of(folder / "a.npy");
    const std::string begin("\x93NUMPY\x01\x00\x76\x00", 10);
    CHECK(text.substr(0, 10) == begin);
    CHECK_THAT(text.substr(10), Catch::Matchers::StartsWith(
                                    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,3,), }"));
    CHECK(text.size() == 128 + 24);
    CHECK(text[127] == '\n');
}

TEST_CASE("an archive is read back, and made of the same bytes twice") {
    const test::temporary_folder folder;
    const std::map<std::string, formats::npy::array_view> arrays{
        {"relu1_1", {{2, 3}, six}}, {"relu4_2", {{1}, {six.data() + 1, 1}}}};
    formats::npy::write_archive(folder / "a.npz", arrays);
    formats::npy::write_archive(folder / "b.npz", arrays);
    CHECK(bytes_of(folder / "a.npz") == bytes_of(folder / "b.npz"));

    const auto back = formats::npy::read_archive(folder / "a.npz");
    REQUIRE(back.size() == 2);
    CHECK(back.at("relu1_1").extents == std::vector<std::int64_t>{2, 3});
    CHECK(back.at("relu1_1").values == six);
    CHECK(back.at("relu4_2").values == std::vector<float>{-1.5f});

    formats::npy::write_archive(folder / "none.npz", {});
    CHECK(formats::npy::read_archive(folder / "none.npz").empty());
}

TEST_CASE("values and extents must agree, keys must be names") {
    const test::temporary_folder folder;
    CHECK_THROWS_AS(formats::npy::write(folder / "a.npy", {{7}, six}), shape_error);
    CHECK_THROWS_AS(formats::npy::write_archive(folder / "a.npz", {{"../a", {{6}, six}}}),
                    option_error);
    CHECK_THROWS_AS(formats::npy::write_archive(folder / "a.npz", {{"", {{6}, six}}}),
                    option_error);
    CHECK(folder.entries() == 0);
}

TEST_CASE("an npy that is not float32 in C order, or not what it claims, is refused") {
    const test::temporary_folder folder;
    formats::npy::write(folder / "a.npy", {{2, 3}, six});
    const std::string good = text_of(folder / "a.npy");
    const auto complaint = [&](const std::string& text) {
        write_text(folder / "bad.npy", text);
        try {
            (void)formats::npy::read(folder / "bad.npy");
        } catch (const format_error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK(complaint(good) == "");
    CHECK_THAT(complaint("NUMPY"), Contains("bad.npy: is no .npy file"));
    CHECK_THAT(complaint(good.substr(0, 9)), Contains("is no .npy file"));
    CHECK_THAT(complaint(good.substr(0, 100)), Contains("header of 118 bytes"));
    CHECK_THAT(complaint(good.substr(0, 150)), Contains("needs 24 bytes, the file has 22"));
    CHECK_THAT(complaint(good + "more"), Contains("the file has 28"));
    CHECK_THAT(complaint(replaced(good, "'<f4'", "'<f8'")), Contains("\"<f8\"; expected '<f4'"));
    CHECK_THAT(complaint(replaced(good, "False", "True ")), Contains("C order"));
    CHECK_THAT(complaint(replaced(good, "(2,3,)", "(2,-3)")), Contains("npy shape"));
    CHECK_THAT(complaint(replaced(good, "(2,3,)", "(2;3,)")), Contains("npy shape"));
    CHECK_THAT(complaint(replaced(good, "(2,3,), }          ", "(4294967295,4294967295,")),
               Contains("npy shape"));
}

TEST_CASE("an archive that is broken anywhere is refused, never read past its end") {
    const test::temporary_folder folder;
    formats::npy::write_archive(folder / "a.npz", {{"a", {{6}, six}}, {"b", {{6}, six}}});
    const std::string good = text_of(folder / "a.npz");
    const auto refused = [&](const std::string& text) {
        write_text(folder / "bad.npz", text);
        try {
            (void)formats::npy::read_archive(folder / "bad.npz");
        } catch (const format_error&) {
            return true;
        }
        return false;
    };
    CHECK_FALSE(refused(good));
    for (std::size_t length = 1; length < good.size(); ++length)
        if (!refused(good.substr(0, length)))
            FAIL("taken after " << length << " of " << good.size() << " bytes");
    // Most single bytes matter; those that do not (times, say) may not do harm either.
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string changed = good;
        changed[i] = static_cast<char>(~changed[i]);
        (void)refused(changed);
    }
    CHECK(refused(replaced(good, "NUMPY", "NUMPI")));
}
