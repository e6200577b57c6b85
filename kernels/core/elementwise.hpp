#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <impasto/core/error.hpp>

#include "core/launch.cuh"

/// Grids of kernels without a block's structure: threads side by side.
namespace impasto::kernels {

inline constexpr int elementwise_threads = 256;

/// Blocks for so many threads.
[[nodiscard]] inline unsigned blocks_for(std::int64_t threads) {
    return static_cast<unsigned>(ceil_div<std::int64_t>(threads, elementwise_threads));
}

/// As 31 bits, in which a kernel's divisions are quick. Throws shape_error where it has more.
[[nodiscard]] inline unsigned index_of(const char* operation, std::int64_t count) {
    if (count > std::numeric_limits<std::int32_t>::max())
        throw shape_error(std::string(operation) + ": " + std::to_string(count) +
                          " groups of channels are more than one call takes, 2147483647");
    return static_cast<unsigned>(count);
}

}  // namespace impasto::kernels
