#pragma once

#include <cstddef>
#include <cstdint>

namespace impasto::formats {

/// Filters are floating-point numbers, or bytes that index a palette of such numbers; every other
/// type is `other`.
enum class element_type : std::uint8_t { float64, float32, float16, bfloat16, uint8, other };

/// Bytes of one element; 0 for `other`.
[[nodiscard]] constexpr std::size_t size_of(element_type type) {
    switch (type) {
        case element_type::float64:
            return 8;
        case element_type::float32:
            return 4;
        case element_type::float16:
        case element_type::bfloat16:
            return 2;
        case element_type::uint8:
            return 1;
        case element_type::other:
            return 0;
    }
    return 0;
}

}  // namespace impasto::formats
