#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <impasto/core/npy.hpp>

namespace impasto::npy {

/// No file longer than this is read, no archive longer than this written: zip counts in 32 bits.
inline constexpr std::size_t largest_file = 0xffff'ffff;

/// The bytes of an .npy, and back. `file` is what messages call it.
[[nodiscard]] std::vector<std::byte> serialize(const array_view& array);
[[nodiscard]] array parse(std::span<const std::byte> bytes, const std::string& file);

}  // namespace impasto::npy
