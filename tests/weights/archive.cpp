#include <impasto/weights/archive.hpp>

#include <bit>
#include <fstream>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/half.hpp>

#include "support/temporary_folder.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using weights::element_type;

namespace {

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    return {bytes.begin(), bytes.end()};
}

const weights::archive somewhere{.file = "some.file"};

std::vector<float> read(const weights::entry& tensor, std::size_t room) {
    std::vector<float> values(room);
    weights::read(somewhere, tensor, values);
    return values;
}

std::string complaint(const weights::entry& tensor, std::size_t room) {
    try {
        (void)read(tensor, room);
        return "";
    } catch (const format_error& error) {
        CHECK_THAT(error.what(), Catch::Matchers::StartsWith("some.file: tensor \"t\": "));
        CHECK(std::string(error.what()).find('\n') == std::string::npos);
        return error.what();
    }
}

const std::vector<float> counted{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

}  // namespace

TEST_CASE("every floating-point type becomes float") {
    const std::vector<float> expected{1, -2.5f, 0x1p-14f};
    std::vector<half> halves;
    std::vector<bfloat16> brains;
    for (const float v : expected) {
        halves.push_back(half(v));
        brains.push_back(bfloat16(v));
    }
    const auto doubles = bytes_of<double>({1, -2.5, 0x1p-14});
    const auto floats = bytes_of(expected), two = bytes_of(halves), brain = bytes_of(brains);
    const std::vector<std::int64_t> extents{3};
    CHECK(read({"t", element_type::float64, extents, {}, doubles}, 3) == expected);
    CHECK(read({"t", element_type::float32, extents, {}, floats}, 3) == expected);
    CHECK(read({"t", element_type::float16, extents, {}, two}, 3) == expected);
    CHECK(read({"t", element_type::bfloat16, extents, {}, brain}, 3) == expected);
    CHECK(read({"t", element_type::float64, {}, {}, doubles}, 1) == std::vector<float>{1});
}

TEST_CASE("strides reorder, repeat and skip elements") {
    const auto bytes = bytes_of(counted);
    const weights::entry transposed{"t", element_type::float32, {3, 4}, {1, 3}, bytes};
    CHECK(read(transposed, 12) == std::vector<float>{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11});
    const weights::entry repeated{"t", element_type::float32, {2, 3}, {0, 5}, bytes};
    CHECK(read(repeated, 6) == std::vector<float>{0, 5, 10, 0, 5, 10});
    const weights::entry empty{"t", element_type::float32, {0, 1000}, {1000, 1}, {}};
    CHECK(read(empty, 0).empty());
}

TEST_CASE("a tensor that reaches past its bytes is refused") {
    const auto bytes = bytes_of(counted);
    const auto with = [&](std::vector<std::int64_t> extents, std::vector<std::int64_t> strides) {
        return weights::entry{"t", element_type::float32, std::move(extents), std::move(strides),
                              bytes};
    };
    CHECK(complaint(with({3, 4}, {1, 3}), 12) == "");
    CHECK_THAT(complaint(with({13}, {}), 13), Contains("needs 52 bytes, the file has 48"));
    CHECK_THAT(complaint(with({2, 6}, {7, 1}), 12), Contains("needs 52 bytes, the file has 48"));
    CHECK_THAT(complaint(with({2}, {-1}), 2), Contains("negative"));
    CHECK_THAT(complaint(with({2}, {INT64_MAX}), 2), Contains("too large"));
    CHECK_THAT(complaint(with({2, 2}, {INT64_MAX / 2, INT64_MAX / 2}), 4), Contains("too large"));
    CHECK_THAT(complaint(with({2, 2}, {INT64_MAX - 1, INT64_MAX - 1}), 4), Contains("too large"));
    CHECK_THAT(complaint(with({2, 2}, {1}), 4), Contains("does not match strides [1]"));
    CHECK_THAT(complaint(with({3, 4}, {}), 11), Contains("[3,4] has 12 elements; expected 11"));
    CHECK_THAT(complaint(with({INT64_MAX, 2}, {}), 4), Contains("too large"));
}

TEST_CASE("what a float cannot hold is refused") {
    const auto bytes = bytes_of<double>({0, 1e39});
    CHECK_THAT(complaint({"t", element_type::float64, {2}, {}, bytes}, 2),
               Contains("element 1 is inf; expected finite values"));
}

TEST_CASE("bytes may be made when they are wanted") {
    int calls = 0;
    weights::entry tensor{"t", element_type::float32, {12}, {}, {}, [&] {
                              ++calls;
                              return bytes_of(counted);
                          }};
    CHECK(read(tensor, 12) == counted);
    CHECK(calls == 1);
    tensor.extents = {13};
    CHECK_THAT(complaint(tensor, 13), Contains("needs 52 bytes"));
}

TEST_CASE("a file of no known format is told what can be read") {
    const test::temporary_folder folder;
    std::ofstream(folder / "photo.jpg") << "\xff\xd8\xff\xe0 and so on";
    CHECK_THROWS_WITH(weights::open(folder / "photo.jpg"),
                      Contains("photo.jpg: is no weight file of a known format; impasto reads") &&
                          Contains(".pth, .pt, .npz, .npy, .safetensors"));
}
