#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto {

namespace kernels {
class cudnn_session;
}

struct context<cuda>::state {
    int device = 0;
    cudaDeviceProp properties{};
    cudaStream_t stream = nullptr;
    tensor<std::byte, cuda> scratch;

    /// Pinned host memory that kernels write results to: a sum is read after synchronize().
    static constexpr std::size_t result_count = 1024;
    double* results = nullptr;
    /// Pinned host memory through which transfers go.
    static constexpr std::size_t staging_bytes = std::size_t{8} << 20;
    std::byte* staging = nullptr;

    state() = default;
    ~state();
    state(const state&) = delete;
    state& operator=(const state&) = delete;

    /// sm_80 is 80.
    [[nodiscard]] int architecture() const { return 10 * properties.major + properties.minor; }

    /// Scratch for the operation that runs now: whatever is enqueued next may overwrite it.
    template <class T>
    [[nodiscard]] T* scratch_as(context<cuda>& ctx, std::int64_t elements) {
        ctx.reserve(static_cast<std::size_t>(elements) * sizeof(T));
        return reinterpret_cast<T*>(scratch.data());
    }

    /// Made when first asked for, bound to the stream.
    [[nodiscard]] cublasHandle_t cublas();
    /// Null until cudnn_session::of is first asked for it.
    std::shared_ptr<kernels::cudnn_session> cudnn;

private:
    cublasHandle_t cublas_ = nullptr;
};

}  // namespace impasto
