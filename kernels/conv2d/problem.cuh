#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "core/launch.cuh"

namespace impasto::kernels {

/// A convolution of stride 1 as the kernels see it. Backward-data is one too: of the output's
/// gradient with the filters flipped and transposed, and padding kernel − 1 − padding.
struct conv_problem {
    int in_height, in_width, in_channels;
    int out_height, out_width, out_channels;
    int kernel, padding;
};

/// First row, column and channel of what a block, or one of its warps, writes.
struct tile_origin {
    int y, x, channel;

    [[nodiscard]] __device__ tile_origin operator+(const tile_origin& o) const {
        return {y + o.y, x + o.x, channel + o.channel};
    }
};

/// Blocks that it takes to cover the output with tiles of Tile::height × Tile::width pixels by
/// Tile::channels.
template <class Tile>
[[nodiscard]] std::int64_t tile_count(const conv_problem& p) {
    return std::int64_t{ceil_div(p.out_height, Tile::height)} * ceil_div(p.out_width, Tile::width) *
           ceil_div(p.out_channels, Tile::channels);
}

/// Blocks that differ in channels alone are neighbours, then those along a row: what they read of
/// the input is still in the second-level cache.
template <class Tile>
[[nodiscard]] __device__ tile_origin origin_of(const conv_problem& p, unsigned block) {
    const unsigned channels = ceil_div(p.out_channels, Tile::channels);
    const unsigned columns = ceil_div(p.out_width, Tile::width);
    const unsigned tile = block / channels;
    return {static_cast<int>(tile / columns) * Tile::height,
            static_cast<int>(tile % columns) * Tile::width,
            static_cast<int>(block % channels) * Tile::channels};
}

struct map_position {
    int y, x;
};

/// Where in the map, or beside it, a pixel lies of a tile's input with its margin, which is `width`
/// pixels wide.
[[nodiscard]] __device__ inline map_position halo_position(const conv_problem& p,
                                                           const tile_origin& origin, int pixel,
                                                           int width) {
    return {origin.y - p.padding + pixel / width, origin.x - p.padding + pixel % width};
}

}  // namespace impasto::kernels
