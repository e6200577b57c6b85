#pragma once

#include <cstdint>
#include <type_traits>

#include <cuda_runtime.h>

#ifndef __CUDACC__
#include <simt/async_copy.hpp>
#endif

/// Copies from global to shared memory that run while the thread goes on (cp.async, sm_80). Below
/// sm_80 they are ordinary copies, finished at once. Both addresses are multiples of the size.
/// A thread sees what it copied after the wait; other threads after a barrier besides.
namespace impasto::kernels {

namespace detail {

template <int Bytes>
__device__ inline void copy_async(void* shared, const void* global, bool valid) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    const auto to = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
    const int bytes = valid ? Bytes : 0;  // of Bytes written, the rest is zero
    if constexpr (Bytes == 16)            // around the first-level cache
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global),
                     "r"(bytes)
                     : "memory");
    else
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(global),
                     "n"(Bytes), "r"(bytes)
                     : "memory");
#elif defined(__CUDACC__)
    using word = std::conditional_t<Bytes == 16, uint4, unsigned>;
    *static_cast<word*>(shared) = valid ? *static_cast<const word*>(global) : word{};
#else
    simt::copy_async(shared, global, Bytes, valid);
#endif
}

}  // namespace detail

/// Sixteen bytes, or sixteen zeros where not valid: global is then not read.
__device__ inline void copy_async_16(void* shared, const void* global, bool valid = true) {
    detail::copy_async<16>(shared, global, valid);
}
__device__ inline void copy_async_4(void* shared, const void* global, bool valid = true) {
    detail::copy_async<4>(shared, global, valid);
}

/// Closes a group: all copies of this thread since the last one.
__device__ inline void copy_async_commit() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#elif !defined(__CUDACC__)
    simt::copy_async_commit();
#endif
}

/// Waits until at most the Groups youngest groups of this thread are still under way.
template <int Groups>
__device__ void copy_async_wait() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(Groups) : "memory");
#elif !defined(__CUDACC__)
    simt::copy_async_wait(Groups);
#endif
}

}  // namespace impasto::kernels
