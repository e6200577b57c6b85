#pragma once

#include <impasto/ops/conv2d.hpp>

namespace impasto::ops {

/// Gradients of a convolution's filters and bias, for those who train: a style transfer has no use
/// for them. On a GPU alone. input: [1,in,H,W], nhwc or planar; d_output: [1,out,H,W] in nhwc, of
/// the convolution itself (behind its ReLU's gates). d_weights: [out,in,k,k] and d_bias:
/// [1,out,1,1], written, on the device; d_bias may be empty. T: float, half or bfloat16. Sums in
/// float32, in one order. Throws shape_error, and option_error for a stride other than 1.
template <class T = float, class Device>
void conv2d_backward_filter(context<Device>& ctx, const conv_geometry& geometry,
                            in_view<T, Device> input, in_view<T, Device> d_output,
                            out_view<float, Device> d_weights, out_view<float, Device> d_bias);

}  // namespace impasto::ops
