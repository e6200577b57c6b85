#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace impasto::weights {

/// Values, and for each number that was given the index of the nearest of them.
struct palette_of_values {
    std::vector<float> palette;  ///< ascending, 1 to 256
    std::vector<std::uint8_t> indices;
    double error = 0;  ///< ‖values − palette[indices]‖ / ‖values‖
};

/// A palette of at most 256 values with a small squared error. Where the numbers have no more
/// distinct values than that, the palette is these and nothing is lost. Otherwise k-means in one
/// dimension. It starts from the best 256 intervals over some 4096 groups of neighbouring numbers,
/// which dynamic programming finds, and Lloyd's iteration then moves their borders between single
/// numbers. The result is the same each time. Throws option_error without values.
/// Source: Lloyd, "Least squares quantization in PCM", 1982; Wang and Song, "Ckmeans.1d.dp", 2011.
[[nodiscard]] palette_of_values make_palette(std::span<const float> values);

}  // namespace impasto::weights
