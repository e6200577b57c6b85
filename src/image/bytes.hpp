#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/characters.hpp"

namespace impasto::image::detail {

using byte_span = std::span<const std::byte>;

// The caller has checked that the bytes are there.

[[nodiscard]] inline std::uint32_t big_endian_16(byte_span b, std::size_t at) {
    return std::to_integer<std::uint32_t>(b[at]) << 8 | std::to_integer<std::uint32_t>(b[at + 1]);
}
[[nodiscard]] inline std::uint32_t big_endian_32(byte_span b, std::size_t at) {
    return big_endian_16(b, at) << 16 | big_endian_16(b, at + 2);
}
[[nodiscard]] inline std::uint32_t little_endian_16(byte_span b, std::size_t at) {
    return std::to_integer<std::uint32_t>(b[at]) | std::to_integer<std::uint32_t>(b[at + 1]) << 8;
}
[[nodiscard]] inline std::uint32_t little_endian_32(byte_span b, std::size_t at) {
    return little_endian_16(b, at) | little_endian_16(b, at + 2) << 16;
}

}  // namespace impasto::image::detail
