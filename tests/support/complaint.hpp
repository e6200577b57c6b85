#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

namespace impasto::test {

using byte_list = std::vector<std::byte>;

inline byte_list bytes_of(std::string_view text) {
    byte_list bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

/// The message, one line, with which `attempt` refuses the bytes of "some.file"; empty where it
/// takes them.
template <class Attempt>
std::string complaint(byte_list bytes, const Attempt& attempt) {
    try {
        attempt(std::move(bytes));
        return "";
    } catch (const format_error& error) {
        const std::string line = error.what();
        CHECK_THAT(line, Catch::StartsWith("some.file: "));
        CHECK(line.find('\n') == std::string::npos);
        CHECK(line.size() < 1000);
        return line;
    }
}

}  // namespace impasto::test
