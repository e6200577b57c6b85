#pragma once

#include <cstdint>
#include <span>

#include <impasto/core/shape.hpp>

namespace impasto {

/// Throws shape_error where 63 bits cannot count them.
[[nodiscard]] inline std::int64_t elements_of(std::span<const std::int64_t> extents) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : extents)
        elements = checked_multiply(elements, extent);
    return elements;
}

}  // namespace impasto
