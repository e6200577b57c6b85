#pragma once

#include <cstdint>

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

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

/// input: [1,C,H,W] → output: [1,C,⌊H/2⌋,⌊W/2⌋] in the same layout.
/// argmax: [1,1,1,argmax_bytes(output)]; written by max alone, and may be empty where no backward
/// pass follows.
void pool2d(context<cpu>& ctx, pool_options options, tensor_view<const float, cpu> input,
            tensor_view<float, cpu> output, tensor_view<std::uint8_t, cpu> argmax);

/// Everything that the backward pass reads of the forward one; what `kind` does not use may be
/// empty.
template <class T, class Device>
struct pool_saved {
    tensor_view<const std::uint8_t, Device> argmax;  ///< max
    tensor_view<const T, Device> input;              ///< l2
    tensor_view<const T, Device> output;             ///< l2
};

/// Writes all of d_input, zeros included.
void pool2d_backward(context<cpu>& ctx, pool_options options, const pool_saved<float, cpu>& saved,
                     tensor_view<const float, cpu> d_output, tensor_view<float, cpu> d_input);

// On a GPU: maps in nhwc. tf32: what is written is rounded to ten bits of fraction, for
// convolutions that multiply no more.
void pool2d(context<cuda>& ctx, pool_options options, tensor_view<const float, cuda> input,
            tensor_view<float, cuda> output, tensor_view<std::uint8_t, cuda> argmax,
            bool tf32 = false);
void pool2d_backward(context<cuda>& ctx, pool_options options, const pool_saved<float, cuda>& saved,
                     tensor_view<const float, cuda> d_output, tensor_view<float, cuda> d_input);
void pool2d(context<cuda>& ctx, pool_options options, tensor_view<const half, cuda> input,
            tensor_view<half, cuda> output, tensor_view<std::uint8_t, cuda> argmax);
void pool2d_backward(context<cuda>& ctx, pool_options options, const pool_saved<half, cuda>& saved,
                     tensor_view<const half, cuda> d_output, tensor_view<half, cuda> d_input);
void pool2d(context<cuda>& ctx, pool_options options, tensor_view<const bfloat16, cuda> input,
            tensor_view<bfloat16, cuda> output, tensor_view<std::uint8_t, cuda> argmax);
void pool2d_backward(context<cuda>& ctx, pool_options options,
                     const pool_saved<bfloat16, cuda>& saved,
                     tensor_view<const bfloat16, cuda> d_output,
                     tensor_view<bfloat16, cuda> d_input);

}  // namespace impasto::ops
