#pragma once

#include <algorithm>
#include <string>

#include <impasto/nn/features.hpp>

#include "support/maps.hpp"

namespace impasto::test {

/// A table with two channels at every layer, whose filters are positive: with average pooling every
/// unit is active, and its gradient is positive at every pixel that it sees.
inline nn::network positive_network(const nn::topology& table) {
    nn::network net{.name = std::string(table.name),
                    .layers = {},
                    .filters = {},
                    .input = {},
                    .origin = "made up"};
    unsigned seed = 1;
    for (auto layer : table.layers) {
        layer.in_channels = layer.in_channels == 3 ? 3 : 2;
        layer.out_channels = layer.is_pool() ? layer.in_channels : 2;
        net.layers.push_back(layer);
        if (layer.is_pool())
            continue;
        const auto count =
            std::size_t{9} * static_cast<unsigned>(layer.in_channels * layer.out_channels);
        const double mean = 1.0 / (9 * layer.in_channels);  // keeps magnitudes
        net.filters.push_back(
            {support::to_tensor(support::random_values(count, seed++, 0.5 * mean, 1.5 * mean),
                                {layer.out_channels, layer.in_channels, 3, 3}),
             support::filled({1, layer.out_channels, 1, 1}, layout::nchw, 0)});
    }
    return net;
}

/// A table with one channel at every layer. The first filter answers to a pattern [3,3,3] around
/// 0.5, the others pass on what they get.
inline nn::network seeking_network(const nn::topology& table, const support::map<double>& pattern) {
    auto net = positive_network(table);
    for (auto& layer : net.layers) {
        layer.in_channels = layer.in_channels == 3 ? 3 : 1;
        layer.out_channels = 1;
    }
    for (std::size_t i = 0; i < net.filters.size(); ++i) {
        auto& filter = net.filters[i];
        filter.weights = support::filled({1, i == 0 ? 3 : 1, 3, 3}, layout::nchw, 0);
        filter.bias = support::filled({1, 1, 1, 1}, layout::nchw, 0);
        if (i > 0)
            filter.weights.data()[4] = 1;
    }
    std::ranges::copy(pattern.values, net.filters[0].weights.data());
    net.input.mean = {0.5f, 0.5f, 0.5f};
    return net;
}

}  // namespace impasto::test
