#include "core/sha256.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace impasto;

namespace {

std::string hash_of(const std::string& text, std::size_t piece) {
    sha256 hash;
    const auto bytes = std::as_bytes(std::span(text));
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        hash.add(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    return hash.finish();
}

}  // namespace

TEST_CASE("sha256 gives the hashes of the standard's examples") {
    CHECK(sha256().finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hash_of("abc", 1) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 5) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(hash_of(std::string(1'000'000, 'a'), 997) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256 does not depend on how its input is cut") {
    for (const std::size_t length : {55u, 56u, 63u, 64u, 65u, 119u, 120u, 128u}) {
        const std::string text(length, 'x');
        for (const std::size_t piece : {1u, 7u, 64u, 128u})
            CHECK(hash_of(text, piece) == hash_of(text, length));
    }
}
