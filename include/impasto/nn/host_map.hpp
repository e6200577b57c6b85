#pragma once

#include <cstddef>
#include <type_traits>

#include <impasto/nn/features.hpp>
#include <impasto/ops/transfer.hpp>

namespace impasto::nn {

/// Copies the feature map at a tap to the host: [1,C,H,W], planar, float, unscaled.
template <class T, class Device>
[[nodiscard]] tensor<float, cpu> host_map(context<Device>& ctx, const features<T, Device>& features,
                                          std::size_t tap) {
    tensor<float, cpu> map(features.tap_shape(tap));
    if constexpr (std::is_same_v<Device, cpu>) {
        ops::reorder<T>(ctx, features.tap(tap), map);
    } else {
        tensor<float, Device> planar(map.shape());
        ops::reorder<T>(ctx, features.tap(tap), planar);
        ops::download(ctx, planar.view(), map.view());
    }
    if (const auto scale = static_cast<float>(features.tap_scale(tap)); scale != 1)
        for (float& value : map)
            value *= scale;
    return map;
}

}  // namespace impasto::nn
