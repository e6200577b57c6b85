#pragma once

#include <concepts>
#include <cstdint>

#include <cuda_runtime.h>

#include <impasto/core/half.hpp>

#include "core/types.cuh"

#ifndef __CUDACC__
#include <simt/mma.hpp>
#endif

/// Tensor cores, a warp at a time: D += A·B with A [m×k] row-major, B [k×n] column-major, D in
/// float. Which lane holds which element: PTX ISA, "Matrix Fragments for mma.m16n8k16". With
/// g = lane / 4 and t = lane % 4, and 16-bit elements in pairs, the first in the lower half:
///
///   a[0] row g,   columns 2t, 2t+1     a[2] row g,   columns 2t+8, 2t+9
///   a[1] row g+8, columns 2t, 2t+1     a[3] row g+8, columns 2t+8, 2t+9
///   b[0] rows 2t, 2t+1, column g       b[1] rows 2t+8, 2t+9, column g
///   d[0], d[1] row g, columns 2t, 2t+1;  d[2], d[3] the same of row g+8
namespace impasto::kernels {

/// T: half from sm_75 on, bfloat16 from sm_80 on.
template <class T>
__device__ inline void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4],
                                    const std::uint32_t (&b)[2]) {
#ifndef __CUDACC__
    simt::mma_m16n8k16<T>(d, a, b);
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    if constexpr (std::same_as<T, half>)
        asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
            "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    else
        asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
            "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif defined(__CUDA_ARCH__)
    if constexpr (std::same_as<T, half>)
        for (int k = 0; k < 2; ++k)  // Turing knows half the depth
            asm volatile(
                "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
                "{%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                : "r"(a[2 * k]), "r"(a[2 * k + 1]), "r"(b[k]));
    else
        __trap();
#endif
}

/// From sm_80 on. Operands are floats as to_tf32 rounds them; here
///
///   a[0] row g, column t   a[1] row g+8, column t   a[2] row g, column t+4   a[3] row g+8, column
///   t+4 b[0] row t, column g   b[1] row t+4, column g   d as above
__device__ inline void mma_m16n8k8_tf32(float (&d)[4], const std::uint32_t (&a)[4],
                                        const std::uint32_t (&b)[2]) {
#ifndef __CUDACC__
    simt::mma_m16n8k8_tf32(d, a, b);
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif defined(__CUDA_ARCH__)
    __trap();
#endif
}

/// Loads 8×8 matrices of 16-bit elements from shared memory. Lane i gives the address of a row, a
/// multiple of 16: row i % 8 of matrix i / 8 (of x2, lanes 16 and up are not asked). r[j] is this
/// lane's part of matrix j: row g, columns 2t and 2t+1; or, transposed, rows 2t and 2t+1, column g.
__device__ inline void ldmatrix_x4(std::uint32_t (&r)[4], const void* shared) {
#ifdef __CUDACC__
    const auto from = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(from)
                 : "memory");
#else
    simt::ldmatrix("ldmatrix_x4", r, shared, false);
#endif
}
__device__ inline void ldmatrix_x4_trans(std::uint32_t (&r)[4], const void* shared) {
#ifdef __CUDACC__
    const auto from = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(from)
                 : "memory");
#else
    simt::ldmatrix("ldmatrix_x4_trans", r, shared, true);
#endif
}
__device__ inline void ldmatrix_x2(std::uint32_t (&r)[2], const void* shared) {
#ifdef __CUDACC__
    const auto from = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(from)
                 : "memory");
#else
    simt::ldmatrix("ldmatrix_x2", r, shared, false);
#endif
}
__device__ inline void ldmatrix_x2_trans(std::uint32_t (&r)[2], const void* shared) {
#ifdef __CUDACC__
    const auto from = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(from)
                 : "memory");
#else
    simt::ldmatrix("ldmatrix_x2_trans", r, shared, true);
#endif
}

}  // namespace impasto::kernels
