#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include "conv2d/halo_gates.cuh"
#include "conv2d/input.cuh"
#include "conv2d/map.cuh"
#include "conv2d/problem.cuh"
#include "core/async_copy.cuh"
#include "core/launch.cuh"
#include "core/shared.cuh"
#include "core/types.cuh"

/// Convolution without tensor cores: float32 products and sums, filters up to 3×3, any channels,
/// any order of the input. The readable version, and the exact one.
///
/// A block owns a tile of Height × Width pixels by Channels. For eight input channels at a time it
/// brings the tile's input with its margin and all taps of the filters to shared memory. A thread
/// owns two rows of four pixels by eight channels, 64 sums in registers, added up over blocks of
/// channels, taps, channels.
namespace impasto::kernels {

template <int Height, int Width, int Channels>
struct simt_tile {
    static constexpr int height = Height, width = Width, channels = Channels;
    static constexpr int groups_across = Width / 4, runs = Channels / run;
    static constexpr int threads = Height / 2 * groups_across * runs;
    static constexpr int depth = 8, largest_kernel = 3;
    static constexpr int pitch = depth + 4;  // floats a pixel; the padding keeps banks apart

    struct shared {
        alignas(16) float halo[(Height + largest_kernel - 1) * (Width + largest_kernel - 1)][pitch];
        alignas(16) float filters[largest_kernel * largest_kernel][depth][Channels];
    };
};

/// Filters as simt_filters in filter_layout.hpp lays them out, and what they are for.
struct simt_filters {
    const float* data;  ///< [taps][in channels][columns]
    int columns;        ///< output channels, to whole tiles
    bool planar_input;
};

template <class T>
[[nodiscard]] __device__ float input_value(const conv_problem& p, const conv_input<T>& input,
                                           bool planar, int c, int y, int x) {
    if (!input.contains(p, y, x) || c >= p.in_channels)
        return 0.0f;
    if (planar)
        return to_float(
            input.data[(static_cast<std::int64_t>(c) * p.in_height + y) * p.in_width + x]);
    if (input.gates != nullptr && (*input.gate_word(p, y, x, c / 32) >> c % 32 & 1u) == 0)
        return 0.0f;
    return to_float(input.pixel(p, y, x)[c]);
}

/// Eight channels of the tile's input and its margin, value by value.
template <class Tile, class T>
__device__ void load_simt_input(const conv_problem& p, const tile_origin& origin,
                                const conv_input<T>& input, bool planar, int first,
                                typename Tile::shared& shared) {
    const int halo_width = Tile::width + p.kernel - 1;
    const int pixels = halo_width * (Tile::height + p.kernel - 1);
    for (int i = static_cast<int>(threadIdx.x); i < pixels * Tile::depth; i += Tile::threads) {
        const int pixel = i / Tile::depth, c = first + i % Tile::depth;
        const auto [y, x] = halo_position(p, origin, pixel, halo_width);
        shared.halo[pixel][i % Tile::depth] = input_value(p, input, planar, c, y, x);
    }
}

/// The same, 16 bytes at a time, of floats whose channels are whole groups of eight. A group's
/// gates are a byte.
template <class Tile>
__device__ void copy_simt_input(const conv_problem& p, const tile_origin& origin,
                                const conv_input<float>& input, int first,
                                typename Tile::shared& shared) {
    constexpr int chunks = Tile::depth / vec16<float>::size;
    const int halo_width = Tile::width + p.kernel - 1;
    const int pixels = halo_width * (Tile::height + p.kernel - 1);
    for (int i = static_cast<int>(threadIdx.x); i < pixels * chunks; i += Tile::threads) {
        const int pixel = i / chunks, chunk = i % chunks;
        const auto [y, x] = halo_position(p, origin, pixel, halo_width);
        const bool inside = input.contains(p, y, x);
        auto* to = &shared.halo[pixel][chunk * vec16<float>::size];
        const float* from =
            inside ? input.pixel(p, y, x) + first + chunk * vec16<float>::size : input.data;
        if (input.gates == nullptr || !inside) {
            copy_async_16(to, from, inside);
            continue;
        }
        const std::uint32_t word = *input.gate_word(p, y, x, first / 32);
        store_vec16(to, load_vec16(from));
        close_gates<float>(reinterpret_cast<std::byte*>(to),
                           word >> (first % 32 + chunk * vec16<float>::size));
    }
}

template <class Tile>
__device__ void copy_simt_filters(const conv_problem& p, const tile_origin& origin,
                                  const simt_filters& filters, int first,
                                  typename Tile::shared& shared) {
    constexpr int chunks = Tile::channels / vec16<float>::size;
    for (int i = static_cast<int>(threadIdx.x); i < p.kernel * p.kernel * Tile::depth * chunks;
         i += Tile::threads) {
        const int column = i % chunks * vec16<float>::size, row = i / chunks;
        const int tap = row / Tile::depth, c = first + row % Tile::depth;
        const auto from =
            (std::int64_t{tap} * p.in_channels + c) * filters.columns + origin.channel + column;
        const bool here = c < p.in_channels;
        copy_async_16(&shared.filters[tap][row % Tile::depth][column],
                      filters.data + (here ? from : 0), here);
    }
}

template <class Tile, class T>
__device__ void load_simt_operands(const conv_problem& p, const tile_origin& origin,
                                   const conv_input<T>& input, const simt_filters& filters,
                                   int first, typename Tile::shared& shared) {
    copy_simt_filters<Tile>(p, origin, filters, first, shared);
    copy_async_commit();
    if constexpr (std::same_as<T, float>)
        if (!filters.planar_input && p.in_channels % Tile::depth == 0) {
            copy_simt_input<Tile>(p, origin, input, first, shared);
            copy_async_commit();
            return copy_async_wait<0>();
        }
    load_simt_input<Tile>(p, origin, input, filters.planar_input, first, shared);
    copy_async_wait<0>();
}

/// sums[pixel][channel] += four input channels from c of one tap.
template <class Tile>
__device__ void add_products(const typename Tile::shared& shared, int first_pixel, int halo_width,
                             int tap, int c, int column, float (&sums)[8][run]) {
    vec16<float> pixels[8];
#pragma unroll
    for (int i = 0; i < 8; ++i)
        pixels[i] = load_vec16(&shared.halo[first_pixel + i / 4 * halo_width + i % 4][c]);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
        const float* filters = &shared.filters[tap][c + k][column];
        const vec16<float> low = load_vec16(filters), high = load_vec16(filters + 4);
#pragma unroll
        for (int i = 0; i < 8; ++i)
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                sums[i][j] += pixels[i][k] * low[j];
                sums[i][j + 4] += pixels[i][k] * high[j];
            }
    }
}

template <class Tile, class T, class Epilogue>
__global__ void __launch_bounds__(Tile::threads, 384 / Tile::threads)
    conv2d_simt_kernel(conv_problem p, conv_input<T> input, simt_filters filters,
                       Epilogue epilogue) {
    auto& shared = shared_memory<typename Tile::shared>();
    const auto origin = origin_of<Tile>(p, blockIdx.x);
    const int halo_width = Tile::width + p.kernel - 1;
    const int column = static_cast<int>(threadIdx.x) % Tile::runs * run;
    const int group = static_cast<int>(threadIdx.x) / Tile::runs;
    const int row = group / Tile::groups_across * 2, x = group % Tile::groups_across * 4;

    float sums[8][run] = {};
    for (int first = 0; first < p.in_channels; first += Tile::depth) {
        load_simt_operands<Tile>(p, origin, input, filters, first, shared);
        __syncthreads();
#pragma unroll 1
        for (int tap = 0; tap < p.kernel * p.kernel; ++tap) {
            const int pixel = (row + tap / p.kernel) * halo_width + x + tap % p.kernel;
#pragma unroll
            for (int c = 0; c < Tile::depth; c += 4)
                add_products<Tile>(shared, pixel, halo_width, tap, c, column, sums);
        }
        __syncthreads();
    }
#pragma unroll
    for (int window = 0; window < 2; ++window) {
        float v[4][run];
#pragma unroll
        for (int i = 0; i < 4; ++i)
#pragma unroll
            for (int j = 0; j < run; ++j)
                v[i][j] = sums[i / 2 * 4 + window * 2 + i % 2][j];
        const int top = origin.y + row, left = origin.x + x + window * 2;
        if (top < p.out_height && left < p.out_width && origin.channel + column < p.out_channels)
            epilogue(top, left, origin.channel + column, v);
    }
}

template <class Tile, class T, class Epilogue>
void launch_conv2d_simt(cudaStream_t stream, const conv_problem& p, const conv_input<T>& input,
                        const simt_filters& filters, const Epilogue& epilogue) {
    launch(conv2d_simt_kernel<Tile, T, Epilogue>, dim3(static_cast<unsigned>(tile_count<Tile>(p))),
           Tile::threads, sizeof(typename Tile::shared), stream, p, input, filters, epilogue);
}

}  // namespace impasto::kernels
