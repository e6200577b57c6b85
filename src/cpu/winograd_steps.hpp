#pragma once

// The three steps of a Winograd convolution on a run of tiles: transform in, multiply, transform
// out. V and M hold 36 matrices of a run, [tile][channel].

#include <algorithm>
#include <cstdint>

#include "cpu/simd.hpp"
#include "cpu/winograd.hpp"

namespace impasto::cpu_detail {

namespace winograd {

constexpr int tile = 4;   ///< outputs of a tile, each way
constexpr int patch = 6;  ///< inputs
constexpr int points = patch * patch;

}  // namespace winograd

/// Tiles first … first + count − 1 of a map, in row-major order.
struct tile_run {
    std::int64_t first, count;
    std::int64_t height, width;  ///< of the map

    [[nodiscard]] std::int64_t columns() const {
        return (width + winograd::tile - 1) / winograd::tile;
    }
};

/// Distance between two of the 36 matrices. The extra cache line keeps a tile's 36 stores from
/// falling into the same cache set.
[[nodiscard]] inline std::int64_t matrix_stride(std::int64_t tiles, std::int64_t channels) {
    return tiles * channels + 16;
}

/// Tiles of a run that lie side by side.
struct tile_stretch {
    std::int64_t row, column;  ///< of the first, in tiles
    std::int64_t count;

    /// The stretch of at most `longest` tiles that begins `done` tiles into the run.
    tile_stretch(const tile_run& run, std::int64_t done, std::int64_t longest)
        : row((run.first + done) / run.columns()),
          column((run.first + done) % run.columns()),
          count(std::min({longest, run.count - done, run.columns() - column})) {}
};

/// V = Bᵀ·d·B of each patch.
void transform_input(std::int64_t block, const tile_run& run, std::int64_t channels,
                     const winograd_source& source, float* v);

/// M = V·U for one of the 36 points: [tiles,in] · [in,out].
void multiply(std::int64_t block, std::int64_t tiles, std::int64_t in, std::int64_t out,
              const float* v, const float* u, float* m);

/// Aᵀ·M·A of each tile, then bias, ReLU, gates and pool.
void transform_output(std::int64_t block, const tile_run& run, std::int64_t channels,
                      const float* m, const winograd_target& target);

}  // namespace impasto::cpu_detail
