#pragma once

#include <cstddef>
#include <cstdint>

namespace impasto::formats {

/// Filters are floating-point numbers, or bytes that index a palette of such numbers; every other
/// type is `other`.
enum class element_type : std::uint8_t { float64, float32, float16, bfloat16, uint8, other };

/// Bytes of one element; 0 for `other`.
[[nodiscard]] constexpr std::size_t size_of(element_type type) {
    constexpr std::size_t sizes[] = {8, 4, 2, 2, 1, 0};
    return sizes[static_cast<std::size_t>(type)];
}

}  // namespace impasto::formats
