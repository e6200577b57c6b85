#pragma once

#include <cstdint>

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::ops {

/// One bit an element says where a ReLU let its input through: a 32nd of the map, and all that the
/// backward pass needs of it. Eight neighbours in memory make a byte; in nhwc channel c of a pixel
/// is bit c mod 8 of byte c/8 in a row of 4·⌈C/32⌉ bytes. mask: [1,1,1,relu_mask_bytes(features)].
[[nodiscard]] std::int64_t relu_mask_bytes(const shape& features, layout l);
void relu_mask(context<cpu>& ctx, tensor_view<const float, cpu> features,
               tensor_view<std::uint8_t, cpu> mask);

/// In place: zero wherever the mask, or the ReLU's own output, is not positive.
void relu_backward(context<cpu>& ctx, tensor_view<const std::uint8_t, cpu> mask,
                   tensor_view<float, cpu> gradient);
void relu_backward(context<cpu>& ctx, tensor_view<const float, cpu> features,
                   tensor_view<float, cpu> gradient);

/// In place, for those who have not fused it: max(x, 0).
void relu(context<cpu>& ctx, tensor_view<float, cpu> x);

// On a GPU: the mask is of maps in nhwc; the others take any layout.
void relu_mask(context<cuda>& ctx, tensor_view<const float, cuda> features,
               tensor_view<std::uint8_t, cuda> mask);
void relu_backward(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> mask,
                   tensor_view<float, cuda> gradient);
void relu_backward(context<cuda>& ctx, tensor_view<const float, cuda> features,
                   tensor_view<float, cuda> gradient);
void relu(context<cuda>& ctx, tensor_view<float, cuda> x);
void relu_mask(context<cuda>& ctx, tensor_view<const half, cuda> features,
               tensor_view<std::uint8_t, cuda> mask);
void relu_backward(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> mask,
                   tensor_view<half, cuda> gradient);
void relu_backward(context<cuda>& ctx, tensor_view<const half, cuda> features,
                   tensor_view<half, cuda> gradient);
void relu(context<cuda>& ctx, tensor_view<half, cuda> x);
void relu_mask(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
               tensor_view<std::uint8_t, cuda> mask);
void relu_backward(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> mask,
                   tensor_view<bfloat16, cuda> gradient);
void relu_backward(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
                   tensor_view<bfloat16, cuda> gradient);
void relu(context<cuda>& ctx, tensor_view<bfloat16, cuda> x);

}  // namespace impasto::ops
