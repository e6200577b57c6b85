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

/// Floats from one staged pixel's channels to the next one's: eight more than a multiple of 32, so
/// that the four pixels that half a warp writes lie in different banks. (Eight channels do anyway.)
[[nodiscard]] constexpr int staging_pitch(int channels) {
    return channels % 32 == 0 ? channels + 8 : channels;
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
    static constexpr int pitch = staging_pitch(slice);

    using staging = float[warps][WarpPixels * pitch];

    /// A warp's pixels: four rows of the tile, `warp_width` wide.
    static constexpr int warp_width = Width;
    [[nodiscard]] static __device__ tile_origin warp_origin(int warp) {
        return {warp % warp_rows * 4, 0, warp / warp_rows * WarpChannels};
    }
    /// The pixel of the warp's that begins half a fragment: eight of its sixteen.
    [[nodiscard]] static __device__ constexpr int fragment_pixel(int m, int half) {
        return m * 16 + half * 8;
    }
};

/// One tap of one block of input channels.
template <int Taps>
struct k_step {
    int block = 0, tap = 0;

    __device__ void advance() {
        if (++tap == Taps) {
            tap = 0;
            ++block;
        }
    }
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

/// Where the running warp's part of the tile begins.
template <class Tile>
[[nodiscard]] __device__ tile_origin warp_origin() {
    return Tile::warp_origin(static_cast<int>(threadIdx.x / warp_size));
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

/// Sixteen rows of pixels, half a row of K. row: where this lane's part lies.
template <class T>
__device__ void load_pixels_fragment(std::uint32_t (&a)[4], const std::byte* pixels, int row,
                                     int half_row) {
    ldmatrix_x4(a, pixels + swizzled(row, 2 * half_row + lane_id() / 16));
    if constexpr (std::same_as<T, float>) {
#pragma unroll
        for (auto& value : a)  // filters were rounded when they were laid out
            value = to_tf32(std::bit_cast<float>(value));
    }
}

/// sums += pixels · filters over one row of 64 bytes. a_row: the row of `pixels` where this lane's
/// part of the first fragment lies; further fragments follow every a_stride rows.
template <class T, class Tile>
__device__ void multiply_rows(warp_sums<Tile>& sums, const std::byte* pixels, int a_row,
                              int a_stride, const std::byte* filters) {
    static_assert(Tile::n_fragments % 2 == 0);
    const int lane = lane_id();
    const int b_row = warp_origin<Tile>().channel + lane % 8 + lane / 16 * 8;
#pragma unroll
    for (int step = 0; step < 2; ++step) {
        std::uint32_t a[Tile::m_fragments][4], b[Tile::n_fragments][2];
#pragma unroll
        for (int m = 0; m < Tile::m_fragments; ++m)
            load_pixels_fragment<T>(a[m], pixels, a_row + m * a_stride, step);
        const int b_chunk = 2 * step + lane / 8 % 2;
#pragma unroll
        for (int n = 0; n < Tile::n_fragments; n += 2) {
            std::uint32_t pair[4];
            ldmatrix_x4(pair, filters + swizzled(b_row + n * 8, b_chunk));
            b[n][0] = pair[0], b[n][1] = pair[1];
            b[n + 1][0] = pair[2], b[n + 1][1] = pair[3];
        }
#pragma unroll
        for (int m = 0; m < Tile::m_fragments; ++m)
#pragma unroll
            for (int n = 0; n < Tile::n_fragments; ++n)
                multiply_fragment<T>(sums[m][n], a[m], b[n]);
    }
}

/// The same for all taps of a 3×3 filter and eight channels, where reading pixels is what takes
/// time: three taps above one another read the same row. a_row: as above, of the first tap.
template <class T, class Tile>
__device__ void multiply_taps(warp_sums<Tile>& sums, const std::byte* pixels, int a_row,
                              int halo_width, const std::byte* filters) {
    static_assert(Tile::n_fragments == 1 && Tile::width == 16);
    constexpr int rows = Tile::m_fragments;
    const int lane = lane_id();
#pragma unroll
    for (int step = 0; step < 2; ++step)
#pragma unroll
        for (int dx = 0; dx < 3; ++dx) {
            std::uint32_t b[3][2];
#pragma unroll
            for (int dy = 0; dy < 3; ++dy)
                ldmatrix_x2(b[dy], filters + swizzled((dy * 3 + dx) * Tile::channels + lane % 8,
                                                      2 * step + lane / 8 % 2));
#pragma unroll
            for (int row = 0; row < rows + 2; ++row) {
                std::uint32_t a[4];
                load_pixels_fragment<T>(a, pixels, a_row + row * halo_width + dx, step);
#pragma unroll
                for (int dy = 0; dy < 3; ++dy)
                    if (const int m = row - dy; m >= 0 && m < rows)
                        multiply_fragment<T>(sums[m][0], a, b[dy]);
            }
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
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int pixel = Tile::fragment_pixel(m, half) + lane / 4;
                *reinterpret_cast<float2*>(stage + pixel * Tile::pitch + n * 8 + lane % 4 * 2) =
                    make_float2(d[2 * half], d[2 * half + 1]);
            }
        }
}

/// A window's run of channels. Of neighbouring windows one takes the second half of the run first:
/// so eight lanes meet all banks once.
template <class Tile>
__device__ void read_window(const float* stage, int row, int column, int c, bool second_first,
                            float (&v)[4][run]) {
    constexpr int half = run / 2;
#pragma unroll
    for (int p = 0; p < 4; ++p) {
        const int pixel = (row + p / 2) * Tile::warp_width + column + p % 2;
        const float* from = stage + pixel * Tile::pitch + c;
        const auto one = load_vec16(from + (second_first ? half : 0));
        const auto other = load_vec16(from + (second_first ? 0 : half));
#pragma unroll
        for (int k = 0; k < half; ++k) {
            v[p][k] = second_first ? other[k] : one[k];
            v[p][half + k] = second_first ? one[k] : other[k];
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
    constexpr int windows_across = Tile::warp_width / 2;
    const auto [top, left, first_channel] = origin + warp_origin<Tile>();
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
            read_window<Tile>(stage, row, column, c, window % 2 != 0, v);
            const int y = top + row, x = left + column, channel = first_channel + slice + c;
            if (y < p.out_height && x < p.out_width && channel < p.out_channels)
                epilogue(y, x, channel, v);
        }
        __syncwarp();
    }
}

}  // namespace impasto::kernels
