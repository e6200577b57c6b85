#pragma once

#include <cstdint>

#include <impasto/ops/views.hpp>

namespace impasto::ops {

/// 2×2, stride 2; an odd last row or column is left out.
enum class pooling {
    max,
    average,  ///< Gatys et al. 2016, §2: smoother pictures
    l2,       ///< square root of the sum of squares: in between
};

struct pool_options {
    pooling kind = pooling::max;
    /// Multiplies the result. ×2 for average and ×0.78 for l2 keep the magnitudes that the next
    /// filters learned to expect from max.
    float scale = 1;
};

[[nodiscard]] constexpr shape pooled(shape s) {
    return {s.n, s.c, s.h / 2, s.w / 2};
}

/// Bytes that say which of its window each element of a pooled map was, 0–3 = 2·row + column of the
/// first maximum. A byte an element in the order of memory; in nhwc two bits, channel c of a pixel
/// at bit 2·(c mod 4) of byte c/4 in a row of 4·⌈C/16⌉ bytes.
[[nodiscard]] std::int64_t argmax_bytes(const shape& output, layout l);

/// input: [1,C,H,W] → output: [1,C,⌊H/2⌋,⌊W/2⌋] in the same layout, nhwc on a GPU.
/// argmax: [1,1,1,argmax_bytes(output)]; written by max alone, and may be empty where no backward
/// pass follows. Of tf32 the output is rounded to ten bits of fraction, for convolutions that
/// multiply no more.
template <class T = float, class Device>
void pool2d(context<Device>& ctx, pool_options options, in_view<T, Device> input,
            out_view<T, Device> output, out_view<std::uint8_t, Device> argmax);

/// Everything that the backward pass reads of the forward one; what `kind` does not use may be
/// empty.
template <class T, class Device>
struct pool_saved {
    tensor_view<const std::uint8_t, Device> argmax;  ///< max
    tensor_view<const stored<T>, Device> input;      ///< l2
    tensor_view<const stored<T>, Device> output;     ///< l2
};

/// Writes all of d_input, zeros included.
template <class T = float, class Device>
void pool2d_backward(context<Device>& ctx, pool_options options,
                     const std::type_identity_t<pool_saved<T, Device>>& saved,
                     in_view<T, Device> d_output, out_view<T, Device> d_input);

}  // namespace impasto::ops
