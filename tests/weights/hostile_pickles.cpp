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

#include "weights/complaint.hpp"
#include "weights/made_zip.hpp"
#include "weights/pickle.hpp"
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
using test::zip_member;
namespace pickle = weights::pickle;

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

std::string complaint_of_pickle(const std::string& text) {
    return complaint(bytes_of(text),
                     [](const byte_list& bytes) { (void)pickle::read(bytes, "some.file"); });
}

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
    CHECK_THAT(complaint_of_pickle(attack), Contains("names \"os.system\""));
    CHECK_THAT(complaint(bytes_of(npy(attack))), Contains("names \"os.system\""));
    CHECK_THAT(complaint(bytes_of(zip({{"archive/data.pkl", attack}}))),
               Contains("names \"os.system\""));
    const std::string by_stack =
        "\x80\x04\x8c\x08"
        "builtins\x8c\x04"
        "eval\x93.";
    CHECK_THAT(complaint_of_pickle(by_stack), Contains("names \"builtins.eval\""));
    // Names that only begin like known ones.
    for (const std::string name : {"torch.hub\nload", "torch\nload", "torch.storage._x\nStorage",
                                   "torchvision.models.vgg.a\nb", "collections\nOrderedDict2"})
        CHECK_THAT(complaint_of_pickle("\x80\x02"
                                       "c" +
                                       name + "\n."),
                   Contains("names \""));
}

TEST_CASE("opcodes that a weight file does not need are refused") {
    // PERSID, INST, OBJ, EXT1, NEXT_BUFFER, and one that does not exist.
    for (const char opcode : {'P', 'i', 'o', '\x82', '\x97', '\xff'})
        CHECK_THAT(complaint_of_pickle(std::string("\x80\x02N") + opcode + "x\ny\n."),
                   Contains("opcode"));
    CHECK_THAT(complaint_of_pickle("\x80\x06N."), Contains("protocol 6; expected 2 to 5"));
}

TEST_CASE("a pickle that takes from an empty stack or memo is refused") {
    for (const std::string text : {".", "a.", "0.", "t.", "]e.", "R.", "b.", "q\x01.", "\x85.",
                                   "]Na(Nu.", "}(Nu.", "Na.", "Ns.", "Q.", "\x93."})
        CHECK_THAT(complaint_of_pickle(text), Contains("pickle: byte"));
    CHECK_THAT(complaint_of_pickle("h\x05."), Contains("wants memo 5, which is empty"));
    CHECK_THAT(complaint_of_pickle("NNN"), Contains("cut off"));
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
    CHECK_THAT(complaint_of_pickle(std::string(100'001, 'N') + "."),
               Contains("more than 100000 objects"));
    CHECK_THAT(complaint_of_pickle("N" + std::string(2'000'000, '(')),
               Contains("more than 1000000 steps"));
}

TEST_CASE("lengths of gigabytes in a pickle are refused") {
    const std::string huge = number<std::uint64_t>(1ull << 40);
    for (const std::string& claim :
         {"X" + u32(0xffffffff), "T" + u32(0xffffffff), "B" + u32(0xffffffff),
          "\x8b" + u32(0xffffffff), "\x8d" + huge, "\x8e" + huge, "\x96" + huge}) {
        CHECK_THAT(complaint_of_pickle("\x80\x04" + claim + "abc."), Contains("cut off"));
    }
}

TEST_CASE("a zip archive that claims what it does not have is refused") {
    const std::string npy_head = npy("N.");
    const auto of = [](const std::vector<zip_member>& members) {
        return complaint(bytes_of(zip(members)));
    };
    CHECK_THAT(of({{"a.npy", npy_head, 0, 0, 0xfffffff0}}), Contains("has two sizes"));
    CHECK_THAT(of({{"a.npy", npy_head, 0, 0, 0xdeadbeef, 0xfffffff0}}), Contains("zip points to"));
    CHECK_THAT(of({{"a.npy", npy_head, 8, 0, 100}}), Contains("\"a.npy\" is broken"));
    CHECK_THAT(of({{"a.npy", npy_head, 8, 0, 0xfffffff0}}),
               Contains("\"a.npy\" claims 4294967280 bytes, which"));
    CHECK_THAT(of({{"a.npy", npy_head, 12}}), Contains("unusual way"));  // bzip2
    CHECK_THAT(of({{"a.npy", npy_head, 0, 1}}), Contains("encrypted"));  // encrypted
    // The same bytes many times over.
    std::vector<zip_member> same(200, {"a.npy", "", 0, 0, 4000, 0});
    same[0] = {"a.npy", std::string(4000, 'x')};
    for (std::size_t i = 1; i < same.size(); ++i)
        same[i].packed = 4000;
    CHECK_THAT(of(same), Contains("zip members overlap"));
    CHECK_THAT(of({{"x/data.pkl", "N.", 8, 0, 0xfffffff0}}), Contains("claims 4294967280 bytes"));
}

TEST_CASE("names in a zip archive are never paths") {
    const std::string array = npy("N.");
    for (const std::string name : {"../../etc/passwd.npy", "/etc/passwd.npy", "C:\\x.npy"})
        CHECK_THAT(complaint(bytes_of(zip({{name, array}}))), Contains("no known network"));
}
