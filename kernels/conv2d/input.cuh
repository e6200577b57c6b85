#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "conv2d/problem.cuh"
#include "core/types.cuh"

namespace impasto::kernels {

/// What a convolution reads. Forward a map as it is; backward the gradient of what forward wrote,
/// on its way through the pool and the ReLU: pixel (y, x) is that of the pooled map at (y/2, x/2),
/// and zero wherever the gate is closed.
template <class T>
struct conv_input {
    const T* data;               ///< nhwc; or planar, of which conv2d_simt and conv2d_pixels know
    const std::uint32_t* gates;  ///< a bit an element, gate_words words a pixel; or null
    int gate_words;
    bool pooled;  ///< then gates are closed outside of whole windows

    /// The gates of 32 channels.
    [[nodiscard]] __device__ const std::uint32_t* gate_word(const conv_problem& p, int y, int x,
                                                            int word) const {
        return gates + (static_cast<std::int64_t>(y) * p.in_width + x) * gate_words + word;
    }

    /// The number of a pixel in `data`.
    [[nodiscard]] __device__ std::int32_t pixel_index(const conv_problem& p, int y, int x) const {
        const int shift = pooled ? 1 : 0;
        return (y >> shift) * (p.in_width >> shift) + (x >> shift);
    }

    /// Where the channels of a pixel lie.
    [[nodiscard]] __device__ const T* pixel(const conv_problem& p, int y, int x) const {
        return data + static_cast<std::int64_t>(pixel_index(p, y, x)) * p.in_channels;
    }

    /// Whether there is a pixel: of the map, and not in an odd row or column that the pool left
    /// out.
    [[nodiscard]] __device__ bool contains(const conv_problem& p, int y, int x) const {
        const int whole = pooled ? ~1 : ~0;
        return y >= 0 && y < (p.in_height & whole) && x >= 0 && x < (p.in_width & whole);
    }
};

}  // namespace impasto::kernels
