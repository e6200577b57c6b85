#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <impasto/nn/features.hpp>
#include <impasto/nn/network.hpp>

/// Rescaling of a network for a narrow number format. ReLU and pooling commute with a positive
/// factor, so filters and biases can be multiplied by powers of two such that feature maps keep
/// their digits and only change their exponents.
namespace impasto::nn {

/// The largest output of each convolution up to layer `last` for these pictures [1,3,H,W].
template <class Device>
[[nodiscard]] std::vector<float> largest_activations(
    context<Device>& ctx, const network& net, std::size_t last,
    std::span<const tensor_view<const float, Device>> pictures, features_options options) {
    options.taps.clear();
    options.backward = false;
    for (std::size_t i = 0; i <= last; ++i)
        if (!net.layers[i].is_pool())
            options.taps.push_back(tap_name_of(net.layers[i]));
    std::vector<float> largest(options.taps.size());
    for (const auto& picture : pictures) {
        features<float, Device> extractor(ctx, net, picture.shape(), options);
        extractor.forward(ctx, picture);
        for (std::size_t t = 0; t < largest.size(); ++t)
            largest[t] = std::max(largest[t], ops::max_abs(ctx, extractor.tap(t)));
    }
    return largest;
}

/// The exponents of the powers of two by which feature maps must be divided so that their largest
/// value is just below `bound`, a power of two.
[[nodiscard]] inline std::vector<int> exponents_for(std::span<const float> largest, float bound) {
    std::vector<int> exponents;
    for (const float value : largest)
        exponents.push_back(
            value > 0 && std::isfinite(value) ? std::ilogb(value) + 1 - std::ilogb(bound) : 0);
    return exponents;
}

/// The same network with the feature maps of convolution i divided by 2^exponents[i]. Convolutions
/// without an exponent are left out.
[[nodiscard]] network rescaled(const network& net, std::span<const int> exponents);

/// The same network for feature maps of half, whose largest number is 65504. Activations may be 64
/// times as large as for these pictures [1,3,H,W] before they overflow.
template <class Device>
[[nodiscard]] network fitted_to_half(context<Device>& ctx, const network& net, std::size_t last,
                                     std::span<const tensor_view<const float, Device>> pictures,
                                     const features_options& options) {
    constexpr float bound = 1024;
    return rescaled(net,
                    exponents_for(largest_activations(ctx, net, last, pictures, options), bound));
}

}  // namespace impasto::nn
