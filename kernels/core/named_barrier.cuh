#pragma once

#include <cuda_runtime.h>

#ifndef __CUDACC__
#include <simt/block.hpp>
#endif

/// Barriers for some of a block's threads, numbers 1 to 15 (0 is __syncthreads's): with some that
/// only arrive and go on, and others that wait, these say that something is full or empty.
/// `threads` counts both, whole warps; what they wrote to shared memory before is seen after the
/// wait.
namespace impasto::kernels {

__device__ inline void barrier_arrive(int id, int threads) {
#ifdef __CUDACC__
    asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
#else
    simt::named_barrier_arrive(id, threads);
#endif
}

__device__ inline void barrier_sync(int id, int threads) {
#ifdef __CUDACC__
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
#else
    simt::named_barrier_sync(id, threads);
#endif
}

}  // namespace impasto::kernels
