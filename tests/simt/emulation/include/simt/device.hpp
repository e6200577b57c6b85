#pragma once

#include <cstddef>

#include <cuda_runtime.h>

namespace simt {

/// The machine that the emulated runtime pretends to be; tests change it to see how refusals read.
struct device {
    int count = 1;
    int major = 9, minor = 0;
    int driver_version = 13000, runtime_version = 13000;
    std::size_t memory_bytes = std::size_t{1} << 40;
    cudaError_t status = cudaSuccess;  ///< of the first call, as where there is no driver
};
[[nodiscard]] device& the_device();

/// Bytes of device memory that are allocated now.
[[nodiscard]] std::size_t allocated_bytes();

/// Kernels that have run since the program began.
[[nodiscard]] std::size_t kernels_run();

/// How often the host has waited for kernels since the program began; waiting where none ran since
/// the last time does not count.
[[nodiscard]] std::size_t times_waited();

}  // namespace simt
