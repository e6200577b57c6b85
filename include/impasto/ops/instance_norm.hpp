#pragma once

#include <type_traits>

#include <impasto/ops/views.hpp>

namespace impasto::ops {

/// output = scale · (input − mean) / √(variance + epsilon) + shift, with the mean and the biased
/// variance of each channel of this map.
/// input, output: [1,C,H,W] in the same layout, planar or blocked; output may be input. scale,
/// shift: [1,C,1,1]. statistics: [1,2,1,C], written: the means, then 1 / √(variance + epsilon); may
/// be empty where no backward pass follows. Sums in double, in the order of the pixels.
/// Throws shape_error where they disagree, and option_error unless epsilon is positive.
/// Source: Ulyanov et al. 2016, "Instance Normalization: The Missing Ingredient for Fast
/// Stylization".
template <class T, class Device>
void instance_norm(context<Device>& ctx, float epsilon, in_view<T, Device> input,
                   in_view<float, Device> scale, in_view<float, Device> shift,
                   out_view<T, Device> output, out_view<float, Device> statistics);

/// What the backward pass reads of the forward one.
template <class T, class Device>
struct instance_norm_saved {
    tensor_view<const T, Device> input;
    tensor_view<const float, Device> statistics;
};

/// What it writes.
template <class T, class Device>
struct instance_norm_gradients {
    tensor_view<T, Device> input;             ///< [1,C,H,W]; may be d_output
    tensor_view<float, Device> scale, shift;  ///< [1,C,1,1], both or neither
};

/// Gradients of instance_norm at d_output [1,C,H,W], which has the layout of saved.input.
template <class T, class Device>
void instance_norm_backward(
    context<Device>& ctx, const std::type_identity_t<instance_norm_saved<T, Device>>& saved,
    in_view<float, Device> scale, in_view<T, Device> d_output,
    const std::type_identity_t<instance_norm_gradients<T, Device>>& gradients);

}  // namespace impasto::ops
