#pragma once

#include <cstddef>

#include <impasto/ops/conv2d.hpp>

namespace impasto::ops {

/// Gradients of a convolution's filters and bias, for those who train: a style transfer has no use
/// for them. input: [1,in,H,W], planar or in the context's feature layout; d_output: [1,out,H,W] in
/// the feature layout, of the convolution itself (behind its ReLU's gates). d_weights: [out,in,k,k]
/// and d_bias: [1,out,1,1], written, on the device; d_bias may be empty. T: float; on a GPU half
/// and bfloat16 too. Sums in float32, in one order for a number of threads. Throws shape_error, and
/// on a GPU option_error for a stride other than 1.
template <class T = float, class Device>
void conv2d_backward_filter(context<Device>& ctx, const conv_geometry& geometry,
                            in_view<T, Device> input, in_view<T, Device> d_output,
                            out_view<float, Device> d_weights, out_view<float, Device> d_bias);

/// Scratch that such a call uses on the CPU. input: [1,in,H,W] in this layout; weights:
/// [out,in,k,k].
[[nodiscard]] std::size_t conv2d_backward_filter_scratch_bytes(context<cpu>& ctx,
                                                               const conv_geometry& geometry,
                                                               const shape& input, layout order,
                                                               const shape& weights);

}  // namespace impasto::ops
