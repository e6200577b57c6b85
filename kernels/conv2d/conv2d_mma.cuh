#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include "conv2d/halo_gates.cuh"
#include "conv2d/input.cuh"
#include "conv2d/mma_tile.cuh"
#include "core/async_copy.cuh"
#include "core/launch.cuh"
#include "core/shared.cuh"

/// Convolution by tensor cores: implicit GEMM with M = pixels, N = output channels, K = input
/// channels by blocks of 64 bytes × taps.
///
/// A block owns a tile of Height × Width pixels by Channels. For a block of input channels it
/// copies the tile's input with its margin once, and all nine taps read it there, shifted; the
/// filters of each tap (of eight channels, those of all) follow in a ring of stages. Gates, where
/// there are some, come along as a word a pixel and are applied to the copy, once for the nine
/// taps. A warp owns whole rows of pixels by some channels, its sums in registers. Sums run over
/// channel blocks, in these over taps: the same order for every size.
namespace impasto::kernels {

template <class T, class Tile, int Kernel>
struct mma_pipeline {
    static constexpr int taps = Kernel * Kernel;
    // Taps to a step: one, but all where there are few channels to multiply by.
    static constexpr int step_taps = Tile::n_fragments == 1 ? taps : 1;
    static constexpr int stages = step_taps == 1 ? 3 : 2;
    static constexpr int halo_width = Tile::width + Kernel - 1;
    static constexpr int halo_pixels = halo_width * (Tile::height + Kernel - 1);
    // A margin is replaced when its last tap has been read.
    static constexpr int halos = taps == step_taps ? stages : 2;
    static constexpr int filter_bytes = step_taps * Tile::channels * row_bytes;

    union shared {
        struct {
            alignas(128) std::byte halo[halos][halo_pixels * row_bytes];
            alignas(128) std::byte filters[stages][filter_bytes];
            std::uint32_t gates[halos][halo_pixels];
        } ring;
        typename Tile::staging staging;
    };
};

/// The tile's input and its margin, one block of channels, zeros outside of the map.
template <class T, class Tile, int Kernel>
__device__ void copy_halo(const conv_problem& p, const tile_origin& origin,
                          const conv_input<T>& input, int block, std::byte* to,
                          std::uint32_t* gates) {
    using pipeline = mma_pipeline<T, Tile, Kernel>;
#pragma unroll 1
    for (int i = static_cast<int>(threadIdx.x); i < pipeline::halo_pixels * row_chunks;
         i += Tile::threads) {
        const int pixel = i / row_chunks, chunk = i % row_chunks;
        const auto [y, x] = halo_position(p, origin, pixel, pipeline::halo_width);
        const int c = block * row_values<T> + chunk * vec16<T>::size;
        const bool inside = input.contains(p, y, x);
        const bool here = inside && c < p.in_channels;
        copy_async_16(to + swizzled(pixel, chunk), here ? input.pixel(p, y, x) + c : input.data,
                      here);
        if (input.gates != nullptr && chunk == 0)
            copy_async_4(
                gates + pixel,
                inside ? input.gate_word(p, y, x, block * row_values<T> / 32) : input.gates,
                inside);
    }
}

template <class T, class Tile, int Kernel>
__device__ void gate_halo(int block, std::byte* halo, const std::uint32_t* gates) {
    using pipeline = mma_pipeline<T, Tile, Kernel>;
    const int first = block * row_values<T> % 32;  // TF32 takes half of a word
#pragma unroll 1
    for (int i = static_cast<int>(threadIdx.x); i < pipeline::halo_pixels * row_chunks;
         i += Tile::threads) {
        const int pixel = i / row_chunks, chunk = i % row_chunks;
        close_gates<T>(halo + swizzled(pixel, chunk),
                       gates[pixel] >> (first + chunk * vec16<T>::size));
    }
}

/// filters: rows of one step, those of this tile in one piece.
template <class Tile, int Bytes>
__device__ void copy_filters(const std::byte* filters, std::byte* to) {
    share_out<Bytes / chunk_bytes, Tile::threads>([&](int i) {
        copy_async_16(to + swizzled(i / row_chunks, i % row_chunks), filters + i * chunk_bytes);
    });
}

/// filters: as mma_filters lays them out, filter_rows to a step.
template <class T, class Tile, int Kernel, class Epilogue>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks_per_sm)
    conv2d_mma_kernel(conv_problem p, conv_input<T> input, const std::byte* filters,
                      int filter_rows, Epilogue epilogue) {
    using pipeline = mma_pipeline<T, Tile, Kernel>;
    constexpr int stages = pipeline::stages, step_taps = pipeline::step_taps;
    constexpr int steps_a_block = pipeline::taps / step_taps;
    auto& shared = shared_memory<typename pipeline::shared>();
    const auto origin = origin_of<Tile>(p, blockIdx.x);
    const int steps = ceil_div(p.in_channels, row_values<T>) * steps_a_block;

    const std::byte* next_filters = filters + static_cast<std::int64_t>(origin.channel) * row_bytes;
    k_step<steps_a_block> next;
    int next_index = 0;
    const auto copy_step = [&] {
        if (next_index < steps) {
            if (next.tap == 0) {
                const int to = next.block % pipeline::halos;
                copy_halo<T, Tile, Kernel>(p, origin, input, next.block, shared.ring.halo[to],
                                           shared.ring.gates[to]);
            }
            copy_filters<Tile, pipeline::filter_bytes>(next_filters,
                                                       shared.ring.filters[next_index % stages]);
            next_filters += static_cast<std::int64_t>(filter_rows) * step_taps * row_bytes;
            next.advance();
            ++next_index;
        }
        copy_async_commit();
    };
    for (int i = 0; i < stages - 1; ++i)
        copy_step();

    // A fragment is a row of 16 pixels of the tile, or two rows of 8.
    const int pixel = warp_origin<Tile>().y * Tile::width + lane_id() % 16;
    const int a_row = pixel / Tile::width * pipeline::halo_width + pixel % Tile::width;
    constexpr int a_stride = 16 / Tile::width * pipeline::halo_width;
    warp_sums<Tile> sums = {};
    k_step<steps_a_block> here;
    for (int i = 0; i < steps; ++i) {
        copy_async_wait<stages - 2>();
        __syncthreads();  // this step is here for all, and the one before is read by all
        copy_step();
        const int halo = here.block % pipeline::halos;
        if (input.gates != nullptr && here.tap == 0) {
            gate_halo<T, Tile, Kernel>(here.block, shared.ring.halo[halo], shared.ring.gates[halo]);
            __syncthreads();
        }
        const auto* step_filters = shared.ring.filters[i % stages];
        if constexpr (step_taps == 1) {
            const int tap_row = here.tap / Kernel * pipeline::halo_width + here.tap % Kernel;
            multiply_rows<T, Tile>(sums, shared.ring.halo[halo], a_row + tap_row, a_stride,
                                   step_filters);
        } else {
            multiply_taps<T, Tile>(sums, shared.ring.halo[halo], a_row, pipeline::halo_width,
                                   step_filters);
        }
        here.advance();
    }
    copy_async_wait<0>();
    __syncthreads();
    finish_tile<Tile>(p, origin, sums, shared.staging, epilogue);
}

template <class T, class Tile, int Kernel, class Epilogue>
void launch_conv2d_mma(cudaStream_t stream, const conv_problem& p, const conv_input<T>& input,
                       const std::byte* filters, int filter_rows, const Epilogue& epilogue) {
    launch(conv2d_mma_kernel<T, Tile, Kernel, Epilogue>,
           dim3(static_cast<unsigned>(tile_count<Tile>(p))), Tile::threads,
           sizeof(typename mma_pipeline<T, Tile, Kernel>::shared), stream, p, input, filters,
           filter_rows, epilogue);
}

}  // namespace impasto::kernels
