#pragma once

#include <cmath>
#include <string>

#include <impasto/core/context.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/ops/vector.hpp>

namespace impasto::bench {

/// VGG-19 up to relu5_1. Filters as He et al. 2015 initialise: maps keep their magnitude.
inline nn::network random_vgg19(context<cpu>& ctx) {
    nn::network net{.name = std::string(nn::vgg19.name),
                    .layers = {},
                    .filters = {},
                    .input = nn::torchvision_preprocessing,
                    .origin = "random"};
    const auto last = nn::find_tap(nn::vgg19.layers, "relu5_1");
    for (const auto& layer : nn::vgg19.layers.first(last + 1)) {
        net.layers.push_back(layer);
        if (layer.is_pool())
            continue;
        auto& f = net.filters.emplace_back(
            nn::filter{tensor<float, cpu>({layer.out_channels, layer.in_channels, 3, 3}),
                       tensor<float, cpu>({1, layer.out_channels, 1, 1})});
        ops::fill_normal(ctx, net.filters.size(), 0,
                         std::sqrt(2.0f / static_cast<float>(9 * layer.in_channels)), f.weights);
        ops::fill(ctx, 0, f.bias);
    }
    return net;
}

}  // namespace impasto::bench
