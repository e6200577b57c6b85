#pragma once

#include <cstdint>

#include <impasto/ops/views.hpp>

namespace impasto::ops {

/// One bit an element says where a ReLU let its input through: a 32nd of the map, and all that the
/// backward pass needs of it. Eight neighbours in memory make a byte; in nhwc channel c of a pixel
/// is bit c mod 8 of byte c/8 in a row of 4·⌈C/32⌉ bytes. mask: [1,1,1,relu_mask_bytes(features)].
[[nodiscard]] std::int64_t relu_mask_bytes(const shape& features, layout l);
template <class T = float, class Device>
void relu_mask(context<Device>& ctx, in_view<T, Device> features,
               out_view<std::uint8_t, Device> mask);

/// In place: zero wherever the mask, or the ReLU's own output, is not positive. The mask is of maps
/// in a feature layout.
template <class T = float, class Device>
void relu_backward(context<Device>& ctx, in_view<std::uint8_t, Device> mask,
                   out_view<T, Device> gradient);
template <class T = float, class Device>
void relu_backward(context<Device>& ctx, in_view<T, Device> features, out_view<T, Device> gradient);

/// In place, for those who have not fused it: max(x, 0).
template <class T = float, class Device>
void relu(context<Device>& ctx, out_view<T, Device> x);

}  // namespace impasto::ops
