#pragma once

#include <algorithm>
#include <cstdint>

#include "core/launch.cuh"

/// Which part of a Gram matrix a block forms, and of how many pixels.
namespace impasto::kernels {

/// The upper triangle in square tiles, the pixels in `splits` runs: a function of the shape alone,
/// so that the order of all sums is too.
struct gram_plan {
    static constexpr int threads_wanted = 1 << 16;     ///< a large GPU's worth
    static constexpr std::int64_t shortest_run = 512;  ///< pixels that are worth a block
    static constexpr int depth = 32;                   ///< runs are multiples of it

    gram_plan(std::int64_t c, std::int64_t p) : channels(static_cast<int>(c)), pixels(p) {
        side = channels > 64 ? 128 : 64;
        const int across = ceil_div(channels, side);
        tiles = across * (across + 1) / 2;
        const std::int64_t wanted = threads_wanted / (2 * side) / tiles;
        const std::int64_t runs =
            std::clamp<std::int64_t>(pixels / shortest_run, 1, std::max<std::int64_t>(1, wanted));
        run = ceil_div<std::int64_t>(ceil_div(pixels, runs), depth) * depth;
        splits = static_cast<int>(ceil_div(pixels, run));
    }

    [[nodiscard]] std::int64_t partial_elements() const {
        return std::int64_t{splits} * tiles * side * side;
    }

    int channels;
    std::int64_t pixels;
    int side, tiles, splits;
    std::int64_t run;  ///< pixels of a split; the last may have fewer
};

/// Tile number t of the upper triangle of across × across, row by row.
struct gram_tile {
    __host__ __device__ gram_tile(int t, int across) : row(0), column(t) {
        for (; column >= across - row; ++row)
            column -= across - row;
        column += row;
    }

    int row, column;
};

/// G of a map [pixels][channels] on tensor cores, by way of plan.partial_elements() of scratch.
/// T: half or bfloat16.
template <class T>
void gram_by_tiles(cudaStream_t stream, const gram_plan& plan, const T* features, float* partials,
                   float* gram);

/// gradient [pixels][channels] += F·D with D symmetric, on tensor cores. T: half or bfloat16.
template <class T>
void gram_backward_by_tiles(cudaStream_t stream, int channels, std::int64_t pixels,
                            const T* features, const float* d_gram, T* gradient);

/// The same without tensor cores, for GPUs whose know no TF32. T: half.
template <class T>
void gram_backward_plain(cudaStream_t stream, int channels, std::int64_t pixels, const T* features,
                         const float* d_gram, T* gradient);

}  // namespace impasto::kernels
