#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include "conv2d/halo_reader.cuh"
#include "conv2d/wgmma_tile.cuh"
#include "core/async_copy.cuh"
#include "core/launch.cuh"
#include "core/named_barrier.cuh"
#include "core/shared.cuh"
#include "core/wgmma.cuh"

/// 3×3 convolution by Hopper's tensor cores: conv2d_mma's implicit GEMM, with wgmma for mma.sync.
///
/// A step is one tap of one block of input channels, 128 bytes of K. One warpgroup of a block of
/// threads fetches: the filters of a step into a ring, and, in pieces, the next block of channels
/// of the tile's input with its margin, which nine taps read. The other multiplies, one step under
/// way while it waits for the next; a tap only moves the address at which wgmma begins to read.
/// Barriers say which stage of the ring is full and which is empty. Sums run over channel blocks,
/// in these over taps: the same order for every size and every tile.
namespace impasto::kernels {

/// Barriers of a block: one number for each stage of the ring, full and empty, and one more.
template <class Tile>
struct wgmma_barriers {
    [[nodiscard]] static __device__ int full(int step) { return 1 + step % Tile::stages; }
    [[nodiscard]] static __device__ int empty(int step) { return full(step) + Tile::stages; }
    static constexpr int multiplied = 1 + 2 * Tile::stages;
};

/// What the second warpgroup does.
template <class T, class Tile>
class operand_fetcher {
public:
    /// Steps that are on their way while one is waited for.
    static constexpr int ahead = Tile::stages - 2;

    /// filters: rows of the first step, those of this tile; step_bytes: from there to the next's.
    __device__ operand_fetcher(const conv_input<T>& input, int in_channels,
                               const halo_places<Tile>& places, const std::byte* filters,
                               std::int64_t step_bytes, wgmma_operands<Tile>& to)
        : reader_(input, in_channels, places, thread()),
          blocks_(ceil_div(in_channels, wgmma_row_values<T>)),
          filters_(filters),
          step_bytes_(step_bytes),
          to_(to) {}

    /// The first steps' filters; their input is somebody else's.
    __device__ void begin() {
        for (int i = 0; i < ahead; ++i)
            start_step();
    }

    /// All that follows. The first block of channels must be there.
    __device__ void run() {
        const int steps = blocks_ * wgmma_taps;
        k_step<wgmma_taps> here;
#pragma unroll 1
        for (int i = 0; i < steps; ++i) {
            const bool gates_now = reader_.gated() && brings_piece(here);
            const int piece = here.tap - first_tap, next_block = here.block + 1;
            typename reader::gates gates;
            if (gates_now)
                gates = reader_.gates_of(piece, next_block);
            if (next_ >= Tile::stages && next_ < steps)
                barrier_sync(wgmma_barriers<Tile>::empty(next_), Tile::threads);
            start_step();
            copy_async_wait<ahead>();
            if (gates_now)
                reader_.close_gates(piece, gates, to_.halos[next_block % 2]);
            fence_for_wgmma();
            barrier_arrive(wgmma_barriers<Tile>::full(i), Tile::threads);
            here.advance();
        }
    }

private:
    // The next block of channels comes in pieces, from the tap on by whose start all taps of the
    // block before have been multiplied.
    static constexpr int first_tap = Tile::stages - 1;
    using reader = halo_reader<T, Tile, warpgroup_size, wgmma_taps - first_tap>;

    [[nodiscard]] static __device__ int thread() {
        return static_cast<int>(threadIdx.x) - warpgroup_size;
    }
    [[nodiscard]] __device__ bool brings_piece(const k_step<wgmma_taps>& step) const {
        return step.tap >= first_tap && step.block + 1 < blocks_;
    }

    __device__ void start_step() {
        if (starting_.block < blocks_) {
            copy_filters(to_.filters[next_ % Tile::stages]);
            if (brings_piece(starting_))
                reader_.copy(starting_.tap - first_tap, starting_.block + 1,
                             to_.halos[(starting_.block + 1) % 2]);
            starting_.advance();
            ++next_;
        }
        copy_async_commit();
    }

    __device__ void copy_filters(std::byte* to) {
        constexpr int rows_at_once = warpgroup_size / wgmma_row_chunks;  // whole swizzles
        to += wgmma_swizzled(thread() / wgmma_row_chunks, thread() % wgmma_row_chunks);
        const std::byte* from = filters_ + thread() * chunk_bytes;
#pragma unroll
        for (int i = 0; i < Tile::channels / rows_at_once; ++i)
            copy_async_16(to + i * rows_at_once * wgmma_row_bytes,
                          from + i * warpgroup_size * chunk_bytes);
        filters_ += step_bytes_;
    }

    reader reader_;
    int blocks_, next_ = 0;  // of steps
    k_step<wgmma_taps> starting_;
    const std::byte* filters_;
    std::int64_t step_bytes_;
    wgmma_operands<Tile>& to_;
};

/// The products of one step: all pixels of this warpgroup by all channels, over 128 bytes of K.
template <class T, class Tile>
__device__ void multiply_step(warp_sums<Tile>& sums, const std::byte* pixels, int tap,
                              const std::byte* filters) {
    constexpr int halo_width = wgmma_halo<Tile>::width;
    const int first = tap / 3 * halo_width + tap % 3;
    const auto b = describe_matrix(filters, 8 * wgmma_row_bytes);
    wgmma_fence();
#pragma unroll
    for (int m = 0; m < Tile::m_fragments; ++m) {
        const auto a = describe_matrix(pixels + (first + m * halo_width) * wgmma_row_bytes,
                                       2 * halo_width * wgmma_row_bytes);
#pragma unroll
        for (int k = 0; k < wgmma_row_bytes; k += 32)
            wgmma<T, Tile::channels>(sums[m], a.along_k(k), b.along_k(k));
    }
    wgmma_commit();
}

template <class Tile>
__device__ void pin_sums(warp_sums<Tile>& sums) {
#pragma unroll
    for (auto& fragment : sums)
        wgmma_pin<Tile::channels>(fragment);
}

/// What the first warpgroup does.
template <class T, class Tile>
__device__ void multiply_operands(warp_sums<Tile>& sums, int blocks,
                                  const wgmma_operands<Tile>& from) {
    using barriers = wgmma_barriers<Tile>;
    const int steps = blocks * wgmma_taps;
    k_step<wgmma_taps> here;
    pin_sums<Tile>(sums);
#pragma unroll 1
    for (int i = 0; i < steps; ++i) {
        barrier_sync(barriers::full(i), Tile::threads);
        multiply_step<T, Tile>(sums, from.halos[here.block % 2].rows, here.tap,
                               from.filters[i % Tile::stages]);
        wgmma_wait<1>();
        if (i > 0 && i - 1 + Tile::stages < steps)
            barrier_arrive(barriers::empty(i - 1), Tile::threads);
        here.advance();
    }
    wgmma_wait<0>();
    pin_sums<Tile>(sums);
}

/// filters: as mma_filter_layout lays them out in rows of 128 bytes, filter_rows to a step.
template <class T, class Tile, class Epilogue>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks_per_sm)
    conv2d_wgmma_kernel(conv_problem p, conv_input<T> input, const std::byte* filters,
                        int filter_rows, Epilogue epilogue) {
#if IMPASTO_WGMMA
    const int blocks = ceil_div(p.in_channels, wgmma_row_values<T>);
    auto& shared = shared_memory<wgmma_shared<Tile>>(wgmma_shared<Tile>::bytes(blocks));
    const auto origin = origin_of<Tile>(p, blockIdx.x);
    const bool multiplies = threadIdx.x < warpgroup_size;
    find_places(p, origin, input, shared.places);
    __syncthreads();

    // The first block of channels is everybody's.
    const halo_reader<T, Tile, Tile::threads, 1> reader(input, p.in_channels, shared.places,
                                                        static_cast<int>(threadIdx.x));
    operand_fetcher<T, Tile> fetcher(
        input, p.in_channels, shared.places,
        filters + static_cast<std::int64_t>(origin.channel) * wgmma_row_bytes,
        static_cast<std::int64_t>(filter_rows) * wgmma_row_bytes, shared.operands);
    reader.copy(0, 0, shared.operands.halos[0]);
    copy_async_commit();
    if (multiplies)
        copy_async_wait<0>();
    else
        fetcher.begin(), copy_async_wait<fetcher.ahead>();
    if (reader.gated())
        reader.close_gates(0, reader.gates_of(0, 0), shared.operands.halos[0]);
    fence_for_wgmma();
    __syncthreads();

    if (multiplies) {
        take_registers<Tile::multiply_registers>();
        warp_sums<Tile> sums = {};
        multiply_operands<T, Tile>(sums, blocks, shared.operands);
        barrier_sync(wgmma_barriers<Tile>::multiplied, warpgroup_size);
        finish_tile<Tile>(p, origin, sums, shared.staging, epilogue);
    } else {
        keep_registers<Tile::fetch_registers>();
        fetcher.run();
    }
#endif
}

template <class T, class Tile, class Epilogue>
void launch_conv2d_wgmma(cudaStream_t stream, const conv_problem& p, const conv_input<T>& input,
                         const std::byte* filters, int filter_rows, const Epilogue& epilogue) {
    launch(conv2d_wgmma_kernel<T, Tile, Epilogue>, dim3(static_cast<unsigned>(tile_count<Tile>(p))),
           Tile::threads, wgmma_shared<Tile>::bytes(ceil_div(p.in_channels, wgmma_row_values<T>)),
           stream, p, input, filters, filter_rows, epilogue);
}

}  // namespace impasto::kernels
