#pragma once

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
        const auto count = static_cast<std::size_t>(9 * layer.in_channels * layer.out_channels);
        const double mean = 1.0 / (9 * layer.in_channels);  // keeps magnitudes
        net.filters.push_back(
            {support::to_tensor(support::random_values(count, seed++, 0.5 * mean, 1.5 * mean),
                                {layer.out_channels, layer.in_channels, 3, 3}),
             support::filled({1, layer.out_channels, 1, 1}, layout::nchw, 0)});
    }
    return net;
}

}  // namespace impasto::test
