#include <impasto/weights/safetensors.hpp>

#include <limits>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>

#include "support/temporary_folder.hpp"
#include "weights/support.hpp"

using namespace impasto;
namespace safetensors = weights::safetensors;
using Catch::Matchers::Contains;
using test::raw_file;

namespace {

const std::string four_floats = R"("dtype":"F32","shape":[2,2],"data_offsets":[0,16])";

/// What parse says of a header with `data` bytes behind it; "" if it takes it.
std::string complaint(const std::vector<std::byte>& bytes) {
    try {
        (void)safetensors::parse(bytes, "some.safetensors");
        return "";
    } catch (const format_error& error) {
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
        CHECK_THAT(error.what(), Catch::Matchers::StartsWith("some.safetensors: "));
        return error.what();
    }
}
std::string complaint(const std::string& header, std::size_t data) {
    return complaint(raw_file(header, data));
}
std::string complaint_of_tensor(const std::string& fields, std::size_t data) {
    return complaint("{\"a\":{" + fields + "}}", data);
}

}  // namespace

TEST_CASE("what is written is read back") {
    const test::temporary_folder folder;
    const std::vector<float> a{1, -2.5f, 0x1p-24f, 65504, 0, -0.f}, scalar{0.1f};
    const std::vector<safetensors::named_values> tensors{
        {"first", {2, 3}, a}, {"scalar", {}, scalar}, {"empty", {0, 5}, {}}};
    const auto stored_as =
        GENERATE(safetensors::precision::float32, safetensors::precision::float16);
    safetensors::write(folder / "t.safetensors", tensors, {{"key", "value \"quoted\""}}, stored_as);

    const auto bytes = read_file(folder / "t.safetensors", 1 << 20);
    const auto archive = safetensors::parse(bytes, "t");
    CHECK(archive.metadata.at("key") == "value \"quoted\"");
    REQUIRE(archive.entries.size() == 3);
    CHECK(archive.find("absent") == nullptr);

    const auto* first = archive.find("first");
    REQUIRE(first != nullptr);
    CHECK(first->extents == std::vector<std::int64_t>{2, 3});
    CHECK((first->bytes.data() - bytes.data()) % 8 == 0);
    std::vector<float> back(6);
    weights::read(archive, *first, back);
    CHECK(back == a);

    float tenth = 0;
    weights::read(archive, *archive.find("scalar"), {&tenth, 1});
    CHECK(tenth == (stored_as == safetensors::precision::float32 ? 0.1f : 0.0999755859375f));
}

TEST_CASE("values that do not fill the extents are not written") {
    const std::vector<float> five(5);
    const std::vector<safetensors::named_values> tensors{{"a", {2, 3}, five}};
    CHECK_THROWS_AS(safetensors::serialize(tensors, {}, safetensors::precision::float32),
                    shape_error);
}

TEST_CASE("bfloat16 is widened exactly") {
    auto bytes = raw_file(R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})", 4);
    const std::uint16_t values[] = {0x3f80, 0xc049};
    std::memcpy(bytes.data() + bytes.size() - 4, values, 4);
    const auto archive = safetensors::parse(bytes, "a");
    float wide[2];
    weights::read(archive, archive.entries.at(0), wide);
    CHECK(wide[0] == 1);
    CHECK(wide[1] == -3.140625f);
}

TEST_CASE("a header may be empty, padded, and without metadata") {
    CHECK(complaint("{}", 0) == "");
    CHECK(complaint("{}      ", 0) == "");
    CHECK(complaint_of_tensor(four_floats, 16) == "");
}

TEST_CASE("a header length that cannot be is refused") {
    CHECK_THAT(complaint(std::vector<std::byte>{}), Contains("has 0 bytes"));
    CHECK_THAT(complaint(std::vector<std::byte>(7)), Contains("has 7 bytes"));
    CHECK_THAT(complaint(raw_file("{}", 0, 3)), Contains("claims a header of 3 bytes; at most 2"));
    CHECK_THAT(complaint(raw_file("{}", 0, std::numeric_limits<std::uint64_t>::max())),
               Contains("18446744073709551615"));
    // A header of zero bytes is no JSON.
    CHECK_THAT(complaint(raw_file("{}", 0, 0)), Contains("safetensors header"));
    // More than the format allows, though the file is long enough.
    CHECK_THAT(complaint(raw_file("{}", 100'000'100, 100'000'001)), Contains("at most 100000000"));
}

TEST_CASE("a header that is no such JSON is refused") {
    CHECK_THAT(complaint("{\"a\":", 0), Contains("parse error"));
    CHECK_THAT(complaint("[]", 0), Contains("no JSON object"));
    CHECK_THAT(complaint("{\"a\":1}", 0), Contains("tensor \"a\""));
    CHECK_THAT(complaint("{\"\xff\":1}", 0), Contains("parse error"));
    CHECK_THAT(complaint(std::string(100'000, '['), 0), Contains("nests deeper"));
    CHECK_THAT(complaint("{\"a\":{" + four_floats + "},\"a\":{" + four_floats + "}}", 16),
               Contains("\"a\" twice"));
    CHECK_THAT(complaint_of_tensor(four_floats + ",\"dtype\":\"F16\"", 16),
               Contains("\"dtype\" twice"));
    CHECK_THAT(complaint(R"({"__metadata__":{"layers":3}})", 0), Contains("expected text"));
    CHECK_THAT(complaint(R"({"__metadata__":3})", 0), Contains("no JSON object"));
}

TEST_CASE("a name with control characters or without end stays one short line") {
    CHECK_THAT(complaint("{\"a\\n\\u001b[31m\":1}", 0), Contains(R"("a\n\u001b[31m")"));
    CHECK(complaint("{\"" + std::string(100'000, 'x') + "\":1}", 0).size() < 300);
    CHECK(complaint("{\"" + std::string(100'000, 'x'), 0).size() < 300);
}

TEST_CASE("a tensor's fields must be there, of the right kind and in range") {
    CHECK_THAT(complaint_of_tensor(R"("shape":[1],"data_offsets":[0,4])", 4), Contains("dtype"));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"F32","data_offsets":[0,4])", 4), Contains("shape"));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"F32","shape":[1])", 4), Contains("data_offsets"));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"Q5","shape":[1],"data_offsets":[0,4])", 4),
               Contains("unknown dtype \"Q5\""));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])", 4),
               Contains("shape has -1"));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"F32","shape":[1.0],"data_offsets":[0,4])", 4),
               Contains("shape has 1.0"));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"F32","shape":1,"data_offsets":[0,4])", 4),
               Contains("shape"));
    CHECK_THAT(
        complaint_of_tensor(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])", 4),
        Contains("up to 8"));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,4])", 4),
               Contains("data_offsets [0,4,4]"));
    CHECK_THAT(complaint_of_tensor(
                   R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0])", 0),
               Contains("too large"));
}

TEST_CASE("offsets outside the file, backwards or of another size are refused") {
    CHECK_THAT(complaint_of_tensor(four_floats, 15), Contains("data_offsets [0,16]"));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])", 8),
               Contains("data_offsets [4,0]"));
    CHECK_THAT(complaint_of_tensor(
                   R"("dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615])", 8),
               Contains("2^63-1"));
    CHECK_THAT(complaint_of_tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])", 4),
               Contains("span 4 bytes; F32 [2] has 8"));
}

TEST_CASE("tensors that overlap or leave holes are refused") {
    const auto two = [](const char* a, const char* b, std::size_t data) {
        return complaint(std::string(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)") + a +
                             R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + b + "}}",
                         data);
    };
    CHECK(two("[0,8]", "[8,16]", 16) == "");
    CHECK(two("[8,16]", "[0,8]", 16) == "");
    CHECK_THAT(two("[0,8]", "[4,12]", 12), Contains("tensor \"b\"") && Contains("overlaps"));
    CHECK_THAT(two("[0,8]", "[0,8]", 8), Contains("overlaps"));
    CHECK_THAT(two("[0,8]", "[12,20]", 20), Contains("tensor \"b\"") && Contains("expected 8"));
    CHECK_THAT(two("[4,12]", "[12,20]", 20), Contains("tensor \"a\"") && Contains("expected 0"));
    CHECK_THAT(two("[0,8]", "[8,16]", 20), Contains("has 20 bytes of data; its tensors take 16"));
}

TEST_CASE("integers are accepted in a file but not read as weights") {
    const auto bytes = raw_file(R"({"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]}})", 8);
    const auto archive = safetensors::parse(bytes, "file");
    float value;
    CHECK_THROWS_WITH(weights::read(archive, archive.entries.at(0), {&value, 1}),
                      "file: tensor \"n\": holds integers; expected float32, float64, float16 or "
                      "bfloat16");
}
