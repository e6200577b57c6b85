#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include "conv2d/mma_tile.cuh"
#include "core/async_copy.cuh"
#include "core/launch.cuh"
#include "core/shared.cuh"

/// The convolution that reads pixels: three planar channels, 3×3, by tensor cores. A
/// pixel's 27 neighbours, taps before channels, make one row of K = 32. One thread gathers the rows
/// of one or two pixels, a warp multiplies its own four rows of the tile with all filters; nothing
/// is pipelined, since what it costs is writing the output.
namespace impasto::kernels {

inline constexpr int pixel_channels = 3, pixel_taps = 9, pixel_depth = 32;

template <class T, class Tile>
union pixels_shared {
    static constexpr int rows = pixel_depth / row_values<T>;  // of 64 bytes for a K of 32
    static constexpr int halo_width = Tile::width + 2, halo_height = Tile::height + 2;

    struct {
        alignas(128) std::byte pixels[rows][Tile::pixels * row_bytes];
        alignas(128) std::byte filters[rows][Tile::channels * row_bytes];
        float halo[pixel_channels][halo_height][halo_width];
    } operands;
    typename Tile::staging staging;
};

template <class T, class Tile>
__device__ void load_pixels(const conv_problem& p, const tile_origin& origin, const T* pixels,
                            pixels_shared<T, Tile>& shared) {
    using layout = pixels_shared<T, Tile>;
    constexpr int width = layout::halo_width, plane = width * layout::halo_height;
    for (int i = static_cast<int>(threadIdx.x); i < pixel_channels * plane; i += Tile::threads) {
        const int c = i / plane, row = i % plane / width, column = i % width;
        const int y = origin.y - p.padding + row, x = origin.x - p.padding + column;
        const bool inside = y >= 0 && y < p.in_height && x >= 0 && x < p.in_width;
        const auto offset = (static_cast<std::int64_t>(c) * p.in_height + y) * p.in_width + x;
        shared.operands.halo[c][row][column] = inside ? to_float(pixels[offset]) : 0.0f;
    }
}

/// The row of K of one pixel of the tile.
template <class T, class Tile>
__device__ void gather_row(int pixel, pixels_shared<T, Tile>& shared) {
    const int y = pixel / Tile::width, x = pixel % Tile::width;
    constexpr int size = vec16<T>::size;
#pragma unroll
    for (int k = 0; k < pixel_depth; k += size) {
        vec16<T> chunk;
#pragma unroll
        for (int i = 0; i < size; ++i) {
            const int tap = (k + i) / pixel_channels, c = (k + i) % pixel_channels;
            chunk[i] = from_float<T>(
                tap < pixel_taps ? shared.operands.halo[c][y + tap / 3][x + tap % 3] : 0.0f);
        }
        auto* row = shared.operands.pixels[k / row_values<T>];
        store_vec16(reinterpret_cast<T*>(row + swizzled(pixel, k % row_values<T> / size)), chunk);
    }
}

/// filters: as pixel_filters lays them out, filter_rows to each 64 bytes of K.
template <class T, class Tile, class Epilogue>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks_per_sm)
    conv2d_pixels_kernel(conv_problem p, const T* pixels, const std::byte* filters, int filter_rows,
                         Epilogue epilogue) {
    constexpr int rows = pixels_shared<T, Tile>::rows;
    auto& shared = shared_memory<pixels_shared<T, Tile>>();
    const auto origin = origin_of<Tile>(p, blockIdx.x);
#pragma unroll
    for (int k = 0; k < rows; ++k) {
        const auto* from = filters + (std::int64_t{k} * filter_rows + origin.channel) * row_bytes;
        share_out<Tile::channels * row_chunks, Tile::threads>([&](int i) {
            copy_async_16(shared.operands.filters[k] + swizzled(i / row_chunks, i % row_chunks),
                          from + i * chunk_bytes);
        });
    }
    copy_async_commit();
    load_pixels(p, origin, pixels, shared);
    __syncthreads();
    share_out<Tile::pixels, Tile::threads>([&](int i) { gather_row(i, shared); });
    copy_async_wait<0>();
    __syncthreads();

    warp_sums<Tile> sums = {};
#pragma unroll
    for (int k = 0; k < rows; ++k)
        multiply_rows<T, Tile>(sums, shared.operands.pixels[k],
                               warp_origin<Tile>().y * Tile::width + lane_id() % 16, 16,
                               shared.operands.filters[k]);
    __syncthreads();
    finish_tile<Tile>(p, origin, sums, shared.staging, epilogue);
}

template <class T, class Tile, class Epilogue>
void launch_conv2d_pixels(cudaStream_t stream, const conv_problem& p, const T* pixels,
                          const std::byte* filters, int filter_rows, const Epilogue& epilogue) {
    launch(conv2d_pixels_kernel<T, Tile, Epilogue>,
           dim3(static_cast<unsigned>(tile_count<Tile>(p))), Tile::threads,
           sizeof(pixels_shared<T, Tile>), stream, p, pixels, filters, filter_rows, epilogue);
}

}  // namespace impasto::kernels
