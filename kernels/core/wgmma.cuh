#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include <impasto/core/half.hpp>

#include "core/warpgroup.cuh"

#ifndef __CUDACC__
#include <simt/wgmma.hpp>
#endif

/// Hopper's tensor cores, a warpgroup (128 threads) at a time: D += A·Bᵀ with both operands in
/// shared memory and D in float, in registers. Products run while the threads go on; until they are
/// waited for, D must not be touched, nor the operands overwritten. Compiled for sm_90a alone:
/// elsewhere a call traps.
///
/// Operands are rows of 128 bytes along K, in groups of eight rows that lie one behind the other.
/// The 16-byte chunks of a row are swizzled: chunk c lies at c ^ (address / 128 % 8), where the
/// address is the row's own. So a group may begin at any multiple of 128 bytes, not only of 1024.
/// Source: PTX ISA, "Asynchronous warpgroup level matrix instructions", 128-byte swizzle.
namespace impasto::kernels {

#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define IMPASTO_WGMMA 1
#else
#define IMPASTO_WGMMA 0
#endif

/// Where an operand's rows lie, as wgmma wants to be told.
struct matrix_descriptor {
#ifdef __CUDACC__
    std::uint64_t bits;
#else
    const std::byte* first;
    int group_stride;
#endif

    /// The same rows, `bytes` further along K: a multiple of 32, less than 128.
    [[nodiscard]] __device__ matrix_descriptor along_k(int bytes) const {
#ifdef __CUDACC__
        return {bits + static_cast<std::uint64_t>(bytes >> 4)};
#else
        return {first + bytes, group_stride};
#endif
    }
};

/// first: the first row, a multiple of 128. group_stride: bytes from one group of eight rows to
/// the next, a multiple of 128.
[[nodiscard]] __device__ inline matrix_descriptor describe_matrix(const std::byte* first,
                                                                  int group_stride) {
#ifdef __CUDACC__
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(first));
    constexpr std::uint64_t swizzle_128 = std::uint64_t{1} << 62;
    return {static_cast<std::uint64_t>((address & 0x3ffffu) >> 4) |
            static_cast<std::uint64_t>(group_stride >> 4) << 32 | swizzle_128};
#else
    return {first, group_stride};
#endif
}

/// Sums of a warpgroup: 64 rows of A by Columns rows of B. Warp w of the four holds rows 16w to
/// 16w + 15, in eight columns at a time as mma_m16n8k16 leaves them.
template <int Columns>
using warpgroup_sums = float[Columns / 8][4];

#define IMPASTO_D8(d, i)                                                           \
    "+f"(d[i][0]), "+f"(d[i][1]), "+f"(d[i][2]), "+f"(d[i][3]), "+f"(d[i + 1][0]), \
        "+f"(d[i + 1][1]), "+f"(d[i + 1][2]), "+f"(d[i + 1][3])
#define IMPASTO_D32(d, i) \
    IMPASTO_D8(d, i), IMPASTO_D8(d, i + 2), IMPASTO_D8(d, i + 4), IMPASTO_D8(d, i + 6)
#define IMPASTO_NAMES32                                                                          \
    "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24," \
    "%25,%26,%27,%28,%29,%30,%31"
#define IMPASTO_NAMES64                                                                         \
    IMPASTO_NAMES32                                                                             \
    ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53," \
    "%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
// The last numbers of an instruction: D is kept and added to, nothing is negated; 16-bit operands
// besides have K along their rows.
#define IMPASTO_WGMMA_64(d, a, b, kind, flags)                                   \
    asm volatile("wgmma.mma_async.sync.aligned.m64n64" kind " {" IMPASTO_NAMES32 \
                 "}, %32, %33, " flags ";"                                       \
                 : IMPASTO_D32(d, 0)                                             \
                 : "l"(a.bits), "l"(b.bits))
#define IMPASTO_WGMMA_128(d, a, b, kind, flags)                                   \
    asm volatile("wgmma.mma_async.sync.aligned.m64n128" kind " {" IMPASTO_NAMES64 \
                 "}, %64, %65, " flags ";"                                        \
                 : IMPASTO_D32(d, 0), IMPASTO_D32(d, 8)                           \
                 : "l"(a.bits), "l"(b.bits))

/// d += A·Bᵀ over 32 bytes of K: 16 values of half or bfloat16, or 8 floats of which TF32's digits
/// count, the others being ignored. Columns: 64 or 128. Every thread of the warpgroup takes part.
template <class T, int Columns>
__device__ inline void wgmma(warpgroup_sums<Columns>& d, matrix_descriptor a, matrix_descriptor b) {
    static_assert(Columns == 64 || Columns == 128);
#ifndef __CUDACC__
    simt::wgmma<T>(&d[0][0], Columns, {a.first, a.group_stride}, {b.first, b.group_stride});
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
    if constexpr (Columns == 64) {
        if constexpr (std::same_as<T, half>)
            IMPASTO_WGMMA_64(d, a, b, "k16.f32.f16.f16", "1, 1, 1, 0, 0");
        else if constexpr (std::same_as<T, bfloat16>)
            IMPASTO_WGMMA_64(d, a, b, "k16.f32.bf16.bf16", "1, 1, 1, 0, 0");
        else
            IMPASTO_WGMMA_64(d, a, b, "k8.f32.tf32.tf32", "1, 1, 1");
    } else {
        if constexpr (std::same_as<T, half>)
            IMPASTO_WGMMA_128(d, a, b, "k16.f32.f16.f16", "1, 1, 1, 0, 0");
        else if constexpr (std::same_as<T, bfloat16>)
            IMPASTO_WGMMA_128(d, a, b, "k16.f32.bf16.bf16", "1, 1, 1, 0, 0");
        else
            IMPASTO_WGMMA_128(d, a, b, "k8.f32.tf32.tf32", "1, 1, 1");
    }
#else
    __trap();
#endif
}

#undef IMPASTO_D8
#undef IMPASTO_D32
#undef IMPASTO_NAMES32
#undef IMPASTO_NAMES64
#undef IMPASTO_WGMMA_64
#undef IMPASTO_WGMMA_128

/// Before the first product, and after D was touched by ordinary instructions.
__device__ inline void wgmma_fence() {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/// Closes a group: all products of this warpgroup since the last one.
__device__ inline void wgmma_commit() {
#ifndef __CUDACC__
    simt::wgmma_commit();
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/// Waits until at most the Groups youngest groups of this warpgroup are still under way.
template <int Groups>
__device__ void wgmma_wait() {
#ifndef __CUDACC__
    simt::wgmma_wait(Groups);
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Groups) : "memory");
#endif
}

/// Keeps the compiler from moving what it does with D across this point: set before the first
/// product, and behind wgmma_wait<0>.
template <int Columns>
__device__ void wgmma_pin([[maybe_unused]] warpgroup_sums<Columns>& d) {
#ifdef __CUDACC__
#pragma unroll
    for (auto& fragment : d)
#pragma unroll
        for (float& sum : fragment)
            asm volatile("" : "+f"(sum)::"memory");
#endif
}

/// Makes what this thread has written to shared memory, cp.async included, visible to the products
/// of whoever passes a barrier with it afterwards.
__device__ inline void fence_for_wgmma() {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

}  // namespace impasto::kernels
