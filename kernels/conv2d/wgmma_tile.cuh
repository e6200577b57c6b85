#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include "conv2d/mma_tile.cuh"
#include "core/wgmma.cuh"

/// How conv2d_wgmma cuts a convolution into tiles, and what lies in a block's shared memory.
namespace impasto::kernels {

inline constexpr int wgmma_taps = 9;  // of the filters, which are 3×3
inline constexpr int wgmma_row_bytes = 128, wgmma_row_chunks = wgmma_row_bytes / chunk_bytes;

template <class T>
inline constexpr int wgmma_row_values = wgmma_row_bytes / static_cast<int>(sizeof(T));

/// Where a chunk of a row of 128 bytes lies: no two of a column of eight rows share a bank.
[[nodiscard]] __device__ inline int wgmma_swizzled(int row, int chunk) {
    return row * wgmma_row_bytes + ((chunk ^ (row & 7)) * chunk_bytes);
}

/// 16 rows by 8 columns of pixels, by Channels. Of a block's two warpgroups one multiplies, the
/// other fetches for it; FetchRegisters and MultiplyRegisters are what they share the registers
/// into. A fragment is every other row, so that a warp's part is four whole rows.
template <int Channels, int Stages, int BlocksPerSm, int MultiplyRegisters, int FetchRegisters>
struct wgmma_tile {
    static constexpr int height = 16, width = 8, channels = Channels;
    static constexpr int pixels = height * width, stages = Stages, blocks_per_sm = BlocksPerSm;
    static constexpr int threads = 2 * warpgroup_size;
    static constexpr int multiply_registers = MultiplyRegisters, fetch_registers = FetchRegisters;
    static constexpr int warps = warpgroup_size / warp_size;  // that have sums
    static constexpr int warp_pixels = 4 * width, warp_channels = Channels, warp_width = width;
    static constexpr int m_fragments = 2, n_fragments = Channels / 8;
    static constexpr int slice = 32, pitch = staging_pitch(slice);

    using staging = float[warps][warp_pixels * pitch];

    [[nodiscard]] static __device__ tile_origin warp_origin(int warp) { return {warp * 4, 0, 0}; }
    [[nodiscard]] static __device__ constexpr int fragment_pixel(int m, int half) {
        return m * 8 + half * 16;
    }
};

/// The tile's input with its margin, one block of channels: a row a pixel.
template <class Tile>
struct wgmma_halo {
    static constexpr int width = Tile::width + 2, pixels = width * (Tile::height + 2);

    alignas(1024) std::byte rows[pixels * wgmma_row_bytes];
};

template <class Tile>
struct wgmma_operands {
    alignas(1024) std::byte filters[Tile::stages][Tile::channels * wgmma_row_bytes];
    wgmma_halo<Tile> halos[2];  ///< the second only where there is a second block of channels
};

/// Where the pixels of a tile's input lie, and their gates; −1 outside of the map.
template <class Tile>
struct halo_places {
    std::int32_t pixels[wgmma_halo<Tile>::pixels], gates[wgmma_halo<Tile>::pixels];
};

/// A block's shared memory.
template <class Tile>
struct wgmma_shared {
    halo_places<Tile> places;
    union {
        wgmma_operands<Tile> operands;
        typename Tile::staging staging;
    };

    /// Of a launch with so many blocks of input channels.
    [[nodiscard]] __host__ __device__ static constexpr std::size_t bytes(int channel_blocks) {
        static_assert(sizeof(typename Tile::staging) <
                      sizeof(wgmma_operands<Tile>) - sizeof(wgmma_halo<Tile>));
        return sizeof(wgmma_shared) - (channel_blocks == 1 ? sizeof(wgmma_halo<Tile>) : 0);
    }
};

}  // namespace impasto::kernels
