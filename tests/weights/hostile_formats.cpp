#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>
#include <impasto/core/mapped_file.hpp>
#include <impasto/weights/archive.hpp>

#include "support/counted_new.hpp"
#include "support/made_zip.hpp"
#include "support/temporary_folder.hpp"
#include "weights/complaint.hpp"
#include "weights/recognise.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using test::byte_list;
using test::bytes_of;
using test::complaint;
using test::made_file;
using test::u32;

namespace {

constexpr const char* files[] = {
    "matconvnet_old.mat",      "matconvnet_plain.mat", "keras_notop.h5", "keras_3.h5",
    "keras_nested.h5",         "keras_top.h5",         "keras_3.keras",  "keras_deflated.keras",
    "caffe_v1.caffemodel",     "caffe_new.caffemodel", "torch.onnx",     "half.onnx",
    "torchvision.safetensors",
};

std::string mat_header() {
    std::string header = "MATLAB 5.0 MAT-file";
    header.resize(124, ' ');
    return header + std::string("\0\1IM", 4);
}

/// The head of a matrix of `size` bytes: its flags, extents and name.
std::string matrix_head(std::uint32_t size, int kind, std::uint32_t columns) {
    return u32(14) + u32(size) + u32(6) + u32(8) + u32(kind) + u32(0) + u32(5) + u32(8) + u32(1) +
           u32(columns) + u32(1) + u32(1) + std::string("x\0\0\0\0\0\0\0", 8);
}

}  // namespace

TEST_CASE("a file that is cut off anywhere is refused in one line") {
    const std::string name = GENERATE(from_range(std::begin(files), std::end(files)));
    test::expect_refused_when_cut(name);
}

TEST_CASE("damage anywhere is refused, or does no harm") {
    const std::string name = GENERATE(from_range(std::begin(files), std::end(files)));
    test::expect_harmless_when_damaged(name, 7, 3000);
}

TEST_CASE("lengths of gigabytes in a hundred bytes are refused before memory is asked for") {
    const std::string long_varint = "\xff\xff\xff\xff\x0f";
    const std::string head = mat_header();
    const std::string claim = u32(7) + u32(18'000'000);  // floats that are not there
    const std::string packed = test::deflated(matrix_head(0xfffffff0, 7, 4'500'000) + claim);
    const std::string cells = test::deflated(matrix_head(0xfffffff0, 1, 0x7fffffff));
    byte_list h5 = made_file("keras_3.h5");
    h5.resize(100);
    const std::vector<byte_list> claims{
        bytes_of("\x0a\x03VGG\x12" + long_varint + "\x22\x07" + "conv1_1"),
        bytes_of("\x0a\x03VGG\x12\x18\x22\x07" + ("conv1_1\x32" + long_varint)),
        bytes_of("\x08\x07\x3a" + long_varint + "\x2a\x04\x4a"),
        bytes_of(head + u32(14) + u32(0xffffffff)),
        bytes_of(head + matrix_head(56, 7, 4'500'000) + claim),
        bytes_of(head + u32(15) + u32(0xffffffff) + packed),
        bytes_of(head + u32(15) + u32(static_cast<std::int64_t>(packed.size())) + packed),
        bytes_of(head + u32(15) + u32(static_cast<std::int64_t>(cells.size())) + cells),
        h5,
    };
    for (std::size_t i = 0; i < claims.size(); ++i) {
        CAPTURE(i);
        const std::size_t size = claims[i].size();
        CHECK(size < 300);
        support::largest_allocation = 0;
        CHECK(complaint(claims[i]) != "");
        CHECK(support::largest_allocation < std::size_t{1} << 17);
    }
}

TEST_CASE("zip bombs are refused before memory is asked for") {
    const auto npy = [](const std::string& extents) {
        const std::string header =
            "{'descr': '<f4', 'fortran_order': False, 'shape': (" + extents + "), }\n";
        return "\x93NUMPY" + std::string("\1\0", 2) + static_cast<char>(header.size()) + '\0' +
               header;
    };
    const test::zip_member bias{.name = "conv1_1_b.npy",
                                .content = npy("64,") + std::string(64 * sizeof(float), '\0')};
    // Three hundred megabytes of zeros, which become 300 KB.
    const auto of = [&](const std::string& name, std::string content) {
        content.resize(300 << 20);
        const auto bomb = test::deflated_member(name, content);
        content = {};
        byte_list bytes = bytes_of(test::zip({bomb, bias}));
        support::largest_allocation = 0;
        const std::string said = complaint(std::move(bytes));
        CHECK(support::largest_allocation < std::size_t{1} << 20);
        return said;
    };
    CHECK_THAT(of("conv1_1_W.npy", npy("3, 3, 3, 64")), Contains("314572800 bytes; at most 69"));
    CHECK_THAT(of("conv1_1_W.npy", npy("3, 3, 3, 99999")), Contains("[3,3,3,99999]"));
    CHECK_THAT(of("model.weights.h5", "\x89HDF"), Contains("314572800 bytes; at most"));
}

TEST_CASE("what the fuzzers once found stays refused") {
    namespace fs = std::filesystem;
    std::size_t files_read = 0;
    for (const auto& item : fs::directory_iterator(IMPASTO_TESTS_FOLDER "/fuzz/regressions")) {
        CAPTURE(item.path().filename());
        CHECK(complaint(read_file(item.path(), 1 << 20)) != "");
        ++files_read;
    }
    CHECK(files_read > 0);
}

TEST_CASE("what an HDF5 file may not do is named") {
    const auto of = [](const char* name) { return complaint(made_file(name)); };
    CHECK_THAT(of("cyclic.h5"), Contains("contains itself"));
    CHECK_THAT(of("soft_link.h5"), Contains("\"soft\" is a soft link"));
    CHECK_THAT(of("external_link.h5"), Contains("\"outside\" is a soft or external link") ||
                                           Contains("\"outside\" is a soft link"));
    CHECK_THAT(of("deep.h5"), Contains("more than 64 levels"));
    CHECK_THAT(of("chunked.h5"), Contains("chunks or compressed"));
    CHECK_THAT(of("dense.h5"), Contains("libver=\"earliest\""));
    CHECK_THAT(of("theano.h5"), Contains("Theano") && Contains("[64,3,3,3]"));
    CHECK_THAT(of("external_data.h5"), Contains("is stored in another file"));
    CHECK_THAT(of("keras_norm.h5"), Contains("\"block1/layers/batch_normalization/vars\"") &&
                                        Contains("as a BatchNorm does"));
    CHECK(of("latest.h5") == "");
}

TEST_CASE("what a MATLAB or ONNX file may not do is named") {
    const auto of = [](const char* name) { return complaint(made_file(name)); };
    CHECK_THAT(of("deep.mat"), Contains("more than 16 levels"));
    CHECK_THAT(of("bomb.mat"), Contains("more than 256 MiB"));
    CHECK_THAT(of("matlab_7_3.mat"), Contains("save it with -v7"));
    CHECK_THAT(of("external.onnx"), Contains("is stored in another file"));
}

TEST_CASE("files without a network in them say what was expected") {
    std::string cell = matrix_head(48, 1, 0);
    CHECK_THAT(complaint(bytes_of(mat_header() + cell)),
               Contains("no network of MatConvNet") && Contains("layers"));
    CHECK_THAT(complaint(bytes_of("\x08\x07\x3a\x03\x12\x01x")), Contains("no known network"));
}
