#pragma once

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/conv2d.hpp>

namespace impasto::ops {

/// Gradients of a convolution's filters and bias, for those who train: a style transfer has no use
/// for them. input: [1,in,H,W], nhwc or planar; d_output: [1,out,H,W] in nhwc, of the convolution
/// itself (behind its ReLU's gates). d_weights: [out,in,k,k] and d_bias: [1,out,1,1], written, on
/// the device; d_bias may be empty. T: float, half or bfloat16. Sums in float32, in one order.
/// Throws shape_error, and option_error for a stride other than 1.
template <class T>
void conv2d_backward_filter(context<cuda>& ctx, const conv_geometry& geometry,
                            tensor_view<const T, cuda> input, tensor_view<const T, cuda> d_output,
                            tensor_view<float, cuda> d_weights, tensor_view<float, cuda> d_bias);

}  // namespace impasto::ops
