#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "core/launch.cuh"

namespace impasto::kernels {

inline constexpr int for_each_threads = 256;

/// A thread owns one index.
template <class F>
__global__ void __launch_bounds__(for_each_threads) for_each_index_kernel(std::int64_t n, F f) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * for_each_threads + threadIdx.x;
    if (i < n)
        f(i);
}

/// Enqueues f(i) for every i in [0, n), in no order; f is a __device__ lambda.
template <class F>
void for_each_index(cudaStream_t stream, std::int64_t n, F f) {
    if (n > 0)
        launch(for_each_index_kernel<F>,
               static_cast<unsigned>(ceil_div<std::int64_t>(n, for_each_threads)), for_each_threads,
               0, stream, n, f);
}

}  // namespace impasto::kernels
