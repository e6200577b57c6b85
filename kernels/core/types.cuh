#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <impasto/core/element.hpp>

#ifndef __CUDACC__
#include <simt/block.hpp>
#endif

/// What feature maps are made of: float, half or bfloat16 in memory, float in arithmetic.
namespace impasto::kernels {

[[nodiscard]] __device__ inline float to_float(float x) {
    return x;
}
[[nodiscard]] __device__ inline float to_float(half x) {
#ifdef __CUDACC__
    return __half2float(__ushort_as_half(x.bits()));
#else
    return static_cast<float>(x);
#endif
}
[[nodiscard]] __device__ inline float to_float(bfloat16 x) {
    return __uint_as_float(static_cast<std::uint32_t>(x.bits()) << 16);
}

/// Rounded to the nearest, ties to even.
template <class T>
[[nodiscard]] __device__ T from_float(float x) {
#ifdef __CUDACC__
    if constexpr (std::same_as<T, half>)
        return half::from_bits(__half_as_ushort(__float2half_rn(x)));
    else if constexpr (std::same_as<T, bfloat16>)
        return bfloat16::from_bits(__bfloat16_as_ushort(__float2bfloat16_rn(x)));
    else
        return x;
#else
    return static_cast<T>(x);
#endif
}

/// Ten bits of fraction, rounded to the nearest, ties away from zero.
[[nodiscard]] __device__ inline std::uint32_t to_tf32(float x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    std::uint32_t result;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(x));
    return result;
#else
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
    return finite ? (bits + 0x1000u) & 0xffffe000u : bits;
#endif
}

/// As it is to be written: of tf32 what TF32 holds, for whoever multiplies it next.
template <class T>
[[nodiscard]] __device__ stored<T> to_stored(float x) {
    if constexpr (std::same_as<T, tf32>)
        return std::bit_cast<float>(to_tf32(x));
    else
        return from_float<T>(x);
}

/// Two 16-bit values in a register, the first in the lower half, as tensor cores hold them.
template <class T>
[[nodiscard]] __device__ std::uint32_t pack(T low, T high) {
    return static_cast<std::uint32_t>(low.bits()) | static_cast<std::uint32_t>(high.bits()) << 16;
}

/// Sixteen bytes of T: what a thread moves at once.
template <class T>
struct alignas(16) vec16 {
    static constexpr int size = 16 / static_cast<int>(sizeof(T));

    T values[size];

    __device__ T& operator[](int i) { return values[i]; }
    __device__ const T& operator[](int i) const { return values[i]; }
};

/// One 16-byte access; the address must be a multiple of 16.
template <class T>
[[nodiscard]] __device__ vec16<T> load_vec16(const T* from) {
#ifdef __CUDACC__
    return std::bit_cast<vec16<T>>(*reinterpret_cast<const uint4*>(from));
#else
    simt::expect_aligned(from, 16);
    vec16<T> result;
    std::memcpy(static_cast<void*>(&result), from, sizeof(result));
    return result;
#endif
}

template <class T>
__device__ void store_vec16(T* to, const vec16<T>& value) {
#ifdef __CUDACC__
    *reinterpret_cast<uint4*>(to) = std::bit_cast<uint4>(value);
#else
    simt::expect_aligned(to, 16);
    std::memcpy(static_cast<void*>(to), &value, sizeof(value));
#endif
}

}  // namespace impasto::kernels
