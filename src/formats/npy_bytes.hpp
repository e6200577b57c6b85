#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <impasto/formats/npy.hpp>

namespace impasto::formats::npy {

/// No file longer than this is read, no archive longer than this written: zip counts in 32 bits.
inline constexpr std::size_t largest_file = 0xffff'ffff;

/// What an .npy says before its values.
struct header {
    std::string descr;  ///< "<f4": little-endian, float, four bytes
    bool fortran = false;
    std::vector<std::int64_t> extents;
    std::size_t size = 0;  ///< where the values begin
};
/// Of any type and of versions 1 to 3. Throws format_error.
[[nodiscard]] header parse_header(std::span<const std::byte> bytes, const std::string& file);

/// The bytes of an .npy, and back. `file` is the name in messages.
[[nodiscard]] std::vector<std::byte> serialize(const array_view& array);
[[nodiscard]] array parse(std::span<const std::byte> bytes, const std::string& file);

}  // namespace impasto::formats::npy
