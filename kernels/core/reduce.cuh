#pragma once

#include <algorithm>
#include <cstdint>

#include <cuda_runtime.h>

#include "core/launch.cuh"
#include "core/shared.cuh"
#include "core/warp.cuh"

/// Sums, and the like, in two stages and a fixed order: each block leaves a partial result, one
/// block puts these together. No atomics: the same input gives the same bits.
namespace impasto::kernels {

inline constexpr int reduction_threads = 256;

/// Blocks for a reduction over n elements: a function of n alone, from 1 to 1024.
[[nodiscard]] inline int reduction_blocks(std::int64_t n) {
    return static_cast<int>(std::clamp<std::int64_t>(ceil_div<std::int64_t>(n, 1024), 1, 1024));
}

// Ways to put two values together; T{} must change nothing.
struct add {
    template <class T>
    __device__ T operator()(T a, T b) const {
        return a + b;
    }
};
struct larger {
    template <class T>
    __device__ T operator()(T a, T b) const {
        return a < b ? b : a;
    }
};

/// The values of a one-dimensional block of whole warps, put together by a fixed tree; every thread
/// of the first warp has the result. Contains one barrier; put another before `warps` is used
/// again.
template <class Combine = add, class T>
[[nodiscard]] __device__ T block_reduce(T value, T (&warps)[warp_size], Combine combine = {}) {
    const auto over_lanes = [&](T mine) {
        for (int mask = warp_size / 2; mask > 0; mask /= 2)
            mine = combine(mine, shuffle_xor(mine, mask));
        return mine;
    };
    const int warp = static_cast<int>(threadIdx.x) / warp_size;
    const int count = static_cast<int>(blockDim.x) / warp_size;
    value = over_lanes(value);
    if (lane_id() == 0)
        warps[warp] = value;
    __syncthreads();
    if (warp != 0)
        return T{};
    return over_lanes(lane_id() < count ? warps[lane_id()] : T{});
}

template <class T>
struct reduction_shared {
    T warps[warp_size];
};

/// First stage. A block sums what its threads meet, in steps of the grid; a block's row of the grid
/// (blockIdx.y) goes to f: partials[row · gridDim.x + block] = Σ f(i, row). Shared:
/// reduction_shared.
template <class T, class Combine, class F>
__global__ void __launch_bounds__(reduction_threads)
    reduce_kernel(std::int64_t n, F f, Combine combine, T* partials) {
    auto& shared = shared_memory<reduction_shared<T>>();
    const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * reduction_threads;
    T mine{};
    for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * reduction_threads + threadIdx.x;
         i < n; i += step)
        mine = combine(mine, static_cast<T>(f(i, static_cast<int>(blockIdx.y))));
    mine = block_reduce(mine, shared.warps, combine);
    if (threadIdx.x == 0)
        partials[static_cast<std::int64_t>(blockIdx.y) * gridDim.x + blockIdx.x] = mine;
}

/// Second stage. A block owns a row: results[row] = Σ partials[row · count + k], thread by thread
/// in steps of the block, then by a tree. Shared: reduction_shared.
template <class T, class Combine>
__global__ void __launch_bounds__(reduction_threads)
    finish_kernel(const T* __restrict__ partials, int count, Combine combine, T* results) {
    auto& shared = shared_memory<reduction_shared<T>>();
    const T* row = partials + static_cast<std::int64_t>(blockIdx.x) * count;
    T mine{};
    for (int k = static_cast<int>(threadIdx.x); k < count; k += reduction_threads)
        mine = combine(mine, row[k]);
    mine = block_reduce(mine, shared.warps, combine);
    if (threadIdx.x == 0)
        results[blockIdx.x] = mine;
}

/// Enqueues the second stage alone: rows of `count` partial results each become one. `results` may
/// be device memory or pinned host memory.
template <class T, class Combine = add>
void finish(cudaStream_t stream, const T* partials, int count, int rows, T* results,
            Combine combine = {}) {
    launch(finish_kernel<T, Combine>, rows, reduction_threads, sizeof(reduction_shared<T>), stream,
           partials, count, combine, results);
}

/// Enqueues both stages: results[row] = Σ f(i, row) over i in [0, n), for `rows` rows.
/// partials: rows · reduction_blocks(n) of device scratch.
template <class T, class Combine = add, class F>
void reduce(cudaStream_t stream, std::int64_t n, int rows, F f, T* partials, T* results,
            Combine combine = {}) {
    const int blocks = reduction_blocks(n);
    launch(reduce_kernel<T, Combine, F>,
           dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(rows)), reduction_threads,
           sizeof(reduction_shared<T>), stream, n, f, combine, partials);
    finish(stream, partials, blocks, rows, results, combine);
}

}  // namespace impasto::kernels
