#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <impasto/nn/features.hpp>
#include <impasto/nn/network.hpp>

/// A network whose maps fit a narrow number format. A ReLU lets a positive factor pass, and so do
/// all three pools: filters and biases can be multiplied by powers of two such that every map keeps
/// its digits and changes its exponent alone.
namespace impasto::nn {

/// For each convolution up to layer `last`, the largest value that it makes of these pictures
/// [1,3,H,W].
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

/// The powers of two by which such maps are to be divided for their largest value to be just below
/// `bound`, itself a power of two.
[[nodiscard]] inline std::vector<int> exponents_for(std::span<const float> largest, float bound) {
    std::vector<int> exponents;
    for (const float value : largest)
        exponents.push_back(
            value > 0 && std::isfinite(value) ? std::ilogb(value) + 1 - std::ilogb(bound) : 0);
    return exponents;
}

/// The same network but that the maps of convolution i are divided by 2^exponents[i]; convolutions
/// beyond them are left out, for nothing is known of them.
[[nodiscard]] network rescaled(const network& net, std::span<const int> exponents);

/// The same network for maps of half, whose numbers end at 65504: scaled with room for pictures
/// that excite it 64 times as much as these [1,3,H,W] do.
template <class Device>
[[nodiscard]] network fitted_to_half(context<Device>& ctx, const network& net, std::size_t last,
                                     std::span<const tensor_view<const float, Device>> pictures,
                                     const features_options& options) {
    constexpr float bound = 1024;
    return rescaled(net,
                    exponents_for(largest_activations(ctx, net, last, pictures, options), bound));
}

}  // namespace impasto::nn
