#pragma once

#include <cstddef>

#include <cuda_runtime.h>

#ifndef __CUDACC__
#include <simt/block.hpp>
#endif

namespace impasto::kernels {

/// The block's shared memory, as the struct that the kernel lays over it; launch with sizeof(T), or
/// with `bytes` where it does without the last members. All shared memory is dynamic, so that there
/// is one way to see how much a kernel takes.
template <class T>
[[nodiscard]] __device__ T& shared_memory([[maybe_unused]] std::size_t bytes = sizeof(T)) {
#ifdef __CUDACC__
    extern __shared__ __align__(1024) unsigned char impasto_shared_memory[];
    return *reinterpret_cast<T*>(impasto_shared_memory);
#else
    return *static_cast<T*>(simt::shared_memory(bytes));
#endif
}

}  // namespace impasto::kernels
