#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <impasto/core/shape.hpp>

namespace impasto {

/// Throws shape_error where 63 bits cannot count them.
[[nodiscard]] inline std::int64_t elements_of(std::span<const std::int64_t> extents) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : extents)
        elements = checked_multiply(elements, extent);
    return elements;
}

/// Of an array in C order. Throws shape_error where 63 bits cannot hold them.
[[nodiscard]] inline std::vector<std::int64_t> c_strides(std::span<const std::int64_t> extents) {
    std::vector<std::int64_t> strides(extents.size(), 1);
    for (std::size_t i = extents.size(); i-- > 1;)
        strides[i - 1] = checked_multiply(strides[i], extents[i]);
    return strides;
}

}  // namespace impasto
