#pragma once

#include <source_location>

#include <cuda_runtime.h>

namespace impasto::kernels {

[[noreturn]] void throw_cuda_error(cudaError_t status, const std::source_location& where);

/// Throws cuda_error, naming the line and what CUDA says of it, unless a call succeeded.
inline void check(cudaError_t status,
                  const std::source_location& where = std::source_location::current()) {
    if (status != cudaSuccess)
        throw_cuda_error(status, where);
}

}  // namespace impasto::kernels
