#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#ifndef __CUDACC__
#include <simt/warp.hpp>
#endif

/// A warp's 32 lanes talking to each other. Every lane must take part.
namespace impasto::kernels {

inline constexpr int warp_size = 32;
inline constexpr unsigned all_lanes = 0xffffffffu;

/// Of one- and two-dimensional blocks whose x is a multiple of 32, and of one-dimensional ones.
[[nodiscard]] __device__ inline int lane_id() {
    return static_cast<int>(threadIdx.x % warp_size);
}

/// T: any type of 4 or 8 bytes that CUDA shuffles.
template <class T>
[[nodiscard]] __device__ T shuffle(T value, int lane) {
#ifdef __CUDACC__
    return __shfl_sync(all_lanes, value, lane);
#else
    return simt::shuffle("shuffle", value, lane);
#endif
}

template <class T>
[[nodiscard]] __device__ T shuffle_xor(T value, int mask) {
#ifdef __CUDACC__
    return __shfl_xor_sync(all_lanes, value, mask);
#else
    return simt::shuffle("shuffle_xor", value, simt::lane() ^ mask);
#endif
}

/// The value of the lane `delta` further on; of its own where there is none.
template <class T>
[[nodiscard]] __device__ T shuffle_down(T value, int delta) {
#ifdef __CUDACC__
    return __shfl_down_sync(all_lanes, value, static_cast<unsigned>(delta));
#else
    const int from = simt::lane() + delta;
    return simt::shuffle("shuffle_down", value, from < warp_size ? from : simt::lane());
#endif
}

/// One bit a lane.
[[nodiscard]] __device__ inline std::uint32_t ballot(bool predicate) {
#ifdef __CUDACC__
    return __ballot_sync(all_lanes, predicate);
#else
    return simt::ballot(predicate);
#endif
}

/// The sum over all lanes, in every lane, by a fixed tree.
template <class T>
[[nodiscard]] __device__ T warp_sum(T value) {
    for (int mask = warp_size / 2; mask > 0; mask /= 2)
        value += shuffle_xor(value, mask);
    return value;
}

}  // namespace impasto::kernels
