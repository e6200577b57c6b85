#include "formats/pickle.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "support/complaint.hpp"
#include "support/made_zip.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using test::number;
using test::u32;
namespace pickle = formats::pickle;

namespace {

std::string complaint_of_pickle(const std::string& text) {
    return test::complaint(test::bytes_of(text), [](const test::byte_list& bytes) {
        (void)pickle::read(bytes, "some.file");
    });
}

}  // namespace

TEST_CASE("a pickle that would run a function is refused, and the message names it") {
    CHECK_THAT(complaint_of_pickle("\x80\x02"
                                   "cos\nsystem\nX" +
                                   u32(7) + "echo hi\x85R."),
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

TEST_CASE("a pickle of endlessly many objects or steps is refused") {
    CHECK_THAT(complaint_of_pickle(std::string(100'001, 'N') + "."),
               Contains("more than 100000 objects"));
    CHECK_THAT(complaint_of_pickle("N" + std::string(2'000'000, '(')),
               Contains("more than 1000000 steps"));
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
        CHECK_THAT(complaint_of_pickle(text), Contains("pickle: the operation before byte"));
    CHECK_THAT(complaint_of_pickle("h\x05."), Contains("reads memo 5, which is empty"));
    CHECK_THAT(complaint_of_pickle("NNN"), Contains("cut off"));
}

TEST_CASE("lengths of gigabytes in a pickle are refused") {
    const std::string huge = number<std::uint64_t>(1ull << 40);
    for (const std::string& claim :
         {"X" + u32(0xffffffff), "T" + u32(0xffffffff), "B" + u32(0xffffffff),
          "\x8b" + u32(0xffffffff), "\x8d" + huge, "\x8e" + huge, "\x96" + huge}) {
        CHECK_THAT(complaint_of_pickle("\x80\x04" + claim + "abc."), Contains("cut off"));
    }
}
