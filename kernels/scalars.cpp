#include <impasto/ops/scalars.hpp>

#include <algorithm>

#include <cuda_runtime.h>

#include "core/check.hpp"

namespace impasto::ops::detail {

double* allocate_scalars(context<cuda>&, std::size_t count) {
    void* memory = nullptr;
    kernels::check(cudaMallocHost(&memory, count * sizeof(double)));
    auto* values = static_cast<double*>(memory);
    std::fill_n(values, count, 0.0);
    return values;
}

void release_scalars(cuda, double* values) noexcept {
    if (values != nullptr)
        cudaFreeHost(values);
}

}  // namespace impasto::ops::detail
