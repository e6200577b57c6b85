#pragma once

#include <cstddef>
#include <source_location>
#include <utility>

#include <cuda_runtime.h>

#include "core/check.hpp"

namespace impasto::kernels {

/// The extents of a grid, and the line that asked for them.
struct grid_size {
    grid_size(dim3 d, std::source_location w = std::source_location::current())
        : extent(d), where(w) {}
    grid_size(unsigned x, std::source_location w = std::source_location::current())
        : extent(x), where(w) {}
    grid_size(int x, std::source_location w = std::source_location::current())
        : extent(static_cast<unsigned>(x)), where(w) {}

    dim3 extent;
    std::source_location where;
};

/// Enqueues kernel(args…) on a stream: every launch goes through here. shared_bytes is all the
/// shared memory that a block has; see shared.cuh. Throws cuda_error where CUDA refuses the launch.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), grid_size grid, dim3 block, std::size_t shared_bytes,
            cudaStream_t stream, Arguments&&... arguments) {
    constexpr std::size_t granted = 48 * 1024;  // more has to be asked for
    if (shared_bytes > granted)
        check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                   cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(shared_bytes)),
              grid.where);
    cudaLaunchConfig_t config{};
    config.gridDim = grid.extent;
    config.blockDim = block;
    config.dynamicSmemBytes = shared_bytes;
    config.stream = stream;
    check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), grid.where);
}

/// ⌈a / b⌉
template <class Integer>
[[nodiscard]] __host__ __device__ constexpr Integer ceil_div(Integer a, Integer b) {
    return (a + b - 1) / b;
}

}  // namespace impasto::kernels
