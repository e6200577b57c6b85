#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include "conv2d/map.cuh"
#include "conv2d/problem.cuh"
#include "core/mma.cuh"
#include "core/types.cuh"
#include "core/warp.cuh"

/// What a block's warps do with a tile that lies in shared memory: multiply, and hand the sums to
/// an epilogue. Both operands are rows of 64 bytes: a pixel's or a filter's values along K.
namespace impasto::kernels {

inline constexpr int row_bytes = 64, chunk_bytes = 16;
inline constexpr int row_chunks = row_bytes / chunk_bytes;

template <class T>
inline constexpr int row_values = row_bytes / static_cast<int>(sizeof(T));

/// Where a chunk of a row lies. Any eight neighbouring rows have their chunks of one number in
/// different banks, so that ldmatrix and the copies meet no conflicts.
[[nodiscard]] __device__ inline int swizzled(int row, int chunk) {
    return row * row_bytes + ((chunk ^ ((row >> 1) & 3)) * chunk_bytes);
}

/// A block's tile of output, Height × Width pixels by Channels, cut into equal parts for its warps.
/// A warp's pixels are four whole rows, so that windows of pooling never leave it.
template <int Height, int Width, int Channels, int WarpPixels, int WarpChannels, int BlocksPerSm>
struct mma_tile {
    static_assert(WarpPixels == 4 * Width && (Width == 8 || Width == 16));
    static constexpr int height = Height, width = Width, channels = Channels;
    static constexpr int pixels = Height * Width;
    static constexpr int warp_pixels = WarpPixels, warp_channels = WarpChannels;
    static constexpr int warp_rows = pixels / WarpPixels;  // of warps, not of pixels
    static constexpr int warps = warp_rows * (Channels / WarpChannels);
    static constexpr int threads = warps * warp_size;
    static constexpr int blocks_per_sm = BlocksPerSm;  // what the registers are cut for
    static constexpr int m_fragments = WarpPixels / 16, n_fragments = WarpChannels / 8;
    // The epilogue passes this many channels at a time through shared memory.
    static constexpr int slice = WarpChannels < 32 ? WarpChannels : 32;
    static constexpr int pitch = slice + 4;  // floats; the padding keeps banks apart

    using staging = float[warps][WarpPixels * pitch];
};

/// work(i) for each i below Count that is this thread's, in Threads strides: unrolled, so that
/// addresses become constants.
template <int Count, int Threads, class Work>
__device__ void share_out(Work&& work) {
#pragma unroll
    for (int first = 0; first < Count; first += Threads) {
        const int i = first + static_cast<int>(threadIdx.x);
        if (first + Threads <= Count || i < Count)
            work(i);
    }
}

/// Sums of one warp, as mma leaves them.
template <class Tile>
using warp_sums = float[Tile::m_fragments][Tile::n_fragments][4];

template <class Tile>
[[nodiscard]] __device__ int first_warp_pixel() {
    return static_cast<int>(threadIdx.x / warp_size) % Tile::warp_rows * Tile::warp_pixels;
}
template <class Tile>
[[nodiscard]] __device__ int first_warp_channel() {
    return static_cast<int>(threadIdx.x / warp_size) / Tile::warp_rows * Tile::warp_channels;
}

/// 32 bytes of K: 16 values in 16 bit, 8 in TF32, whose fragments have the same bytes.
template <class T>
__device__ void multiply_fragment(float (&d)[4], const std::uint32_t (&a)[4],
                                  const std::uint32_t (&b)[2]) {
    if constexpr (std::same_as<T, float>)
        mma_m16n8k8_tf32(d, a, b);
    else
        mma_m16n8k16<T>(d, a, b);
}

/// sums += pixels · filters over one row of 64 bytes. a_row: the row of `pixels` where this lane's
/// part of the first fragment lies; further fragments follow every a_stride rows.
template <class T, class Tile>
__device__ void multiply_rows(warp_sums<Tile>& sums, const std::byte* pixels, int a_row,
                              int a_stride, const std::byte* filters) {
    const int lane = lane_id();
    const int b_row =
        first_warp_channel<Tile>() + lane % 8 + (Tile::n_fragments > 1 ? lane / 16 * 8 : 0);
#pragma unroll
    for (int step = 0; step < 2; ++step) {
        std::uint32_t a[Tile::m_fragments][4], b[Tile::n_fragments][2];
#pragma unroll
        for (int m = 0; m < Tile::m_fragments; ++m) {
            ldmatrix_x4(a[m], pixels + swizzled(a_row + m * a_stride, 2 * step + lane / 16));
            if constexpr (std::same_as<T, float>) {
#pragma unroll
                for (auto& value : a[m])  // filters were rounded when they were laid out
                    value = to_tf32(std::bit_cast<float>(value));
            }
        }
        const int b_chunk = 2 * step + lane / 8 % 2;
        if constexpr (Tile::n_fragments == 1) {
            ldmatrix_x2(b[0], filters + swizzled(b_row, b_chunk));
        } else {
#pragma unroll
            for (int n = 0; n < Tile::n_fragments; n += 2) {
                std::uint32_t pair[4];
                ldmatrix_x4(pair, filters + swizzled(b_row + n * 8, b_chunk));
                b[n][0] = pair[0], b[n][1] = pair[1];
                b[n + 1][0] = pair[2], b[n + 1][1] = pair[3];
            }
        }
#pragma unroll
        for (int m = 0; m < Tile::m_fragments; ++m)
#pragma unroll
            for (int n = 0; n < Tile::n_fragments; ++n)
                multiply_fragment<T>(sums[m][n], a[m], b[n]);
    }
}

/// Some channels of a warp's sums to its part of the staging, a row a pixel.
template <class Tile>
__device__ void stage_sums(const warp_sums<Tile>& sums, int first_channel, float* stage) {
    const int lane = lane_id();
#pragma unroll
    for (int m = 0; m < Tile::m_fragments; ++m)
#pragma unroll
        for (int n = 0; n < Tile::slice / 8; ++n) {
            const auto& d = sums[m][first_channel / 8 + n];
            float* to = stage + (m * 16 + lane / 4) * Tile::pitch + n * 8 + lane % 4 * 2;
            *reinterpret_cast<float2*>(to) = make_float2(d[0], d[1]);
            *reinterpret_cast<float2*>(to + 8 * Tile::pitch) = make_float2(d[2], d[3]);
        }
}

template <class Tile>
__device__ void read_window(const float* stage, int row, int column, int c, float (&v)[4][run]) {
#pragma unroll
    for (int p = 0; p < 4; ++p) {
        const int pixel = (row + p / 2) * Tile::width + column + p % 2;
#pragma unroll
        for (int i = 0; i < run; i += 4) {
            const auto part = load_vec16(stage + pixel * Tile::pitch + c + i);
#pragma unroll
            for (int k = 0; k < 4; ++k)
                v[p][i + k] = part[k];
        }
    }
}

/// Gives each thread windows of 2×2 pixels by a run of channels in place of fragments, and these to
/// the epilogue. Warps do not wait for each other here: each has its own part of the staging.
template <class Tile, class Epilogue>
__device__ void finish_tile(const conv_problem& p, const tile_origin& origin,
                            const warp_sums<Tile>& sums, typename Tile::staging& staging,
                            const Epilogue& epilogue) {
    constexpr int runs = Tile::slice / run, windows = Tile::warp_pixels / 4;
    constexpr int windows_across = Tile::width / 2;
    const int top = origin.y + first_warp_pixel<Tile>() / Tile::width;
    const int first_channel = origin.channel + first_warp_channel<Tile>();
    float* stage = staging[threadIdx.x / warp_size];
#pragma unroll
    for (int slice = 0; slice < Tile::warp_channels; slice += Tile::slice) {
        stage_sums<Tile>(sums, slice, stage);
        __syncwarp();
#pragma unroll 1
        for (int i = lane_id(); i < windows * runs; i += warp_size) {
            const int window = i / runs, c = i % runs * run;
            const int row = window / windows_across * 2, column = window % windows_across * 2;
            float v[4][run];
            read_window<Tile>(stage, row, column, c, v);
            const int y = top + row, x = origin.x + column, channel = first_channel + slice + c;
            if (y < p.out_height && x < p.out_width && channel < p.out_channels)
                epilogue(y, x, channel, v);
        }
        __syncwarp();
    }
}

}  // namespace impasto::kernels
