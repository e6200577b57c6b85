#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include <impasto/weights/activations.hpp>

#include "core/sha256.hpp"
#include "weights/known_networks.hpp"

namespace impasto::weights {

namespace {

std::string text_of(double value) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.6g", value);
    return digits.data();
}

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

/// Winograd's convolutions differ from direct ones by parts in ten thousand.
bool agree(double found, double expected) {
    constexpr double tolerance = 1e-3;
    return std::abs(found - expected) <= tolerance * std::abs(expected);
}

void compare(verification& result, const known_network& known) {
    for (std::size_t i = 0; i < std::min(result.layers.size(), known.layers.size()); ++i) {
        const layer_activations& found = result.layers[i];
        const mean_and_deviation& expected = known.layers[i];
        if (!agree(found.mean, expected.mean) || !agree(found.deviation, expected.deviation))
            result.faults.push_back(found.name + ": mean " + text_of(found.mean) +
                                    ", standard deviation " + text_of(found.deviation) +
                                    "; expected " + text_of(expected.mean) + " and " +
                                    text_of(expected.deviation));
    }
}

void expect_sound(verification& result) {
    constexpr double out_of_proportion = 1e6;
    double smallest = INFINITY, largest = 0;
    for (const layer_activations& layer : result.layers) {
        if (!std::isfinite(layer.mean) || !std::isfinite(layer.deviation))
            result.faults.push_back(layer.name + ": its activations are not finite");
        if (2 * layer.dead > layer.channels)
            result.faults.push_back(
                layer.name + ": " + std::to_string(layer.dead) + " of " +
                std::to_string(layer.channels) +
                " channels are dead; the preprocessing may not be that of the filters");
        if (layer.mean > 0) {
            smallest = std::min(smallest, layer.mean);
            largest = std::max(largest, layer.mean);
        }
    }
    if (largest > out_of_proportion * smallest)
        result.faults.push_back("the layers' means range from " + text_of(smallest) + " to " +
                                text_of(largest) + "; expected a factor below a million");
}

}  // namespace

std::string fingerprint(const nn::network& network) {
    constexpr std::size_t digits = 16;
    sha256 hash;
    for (const nn::layer& row : network.layers) {
        const std::string name = nn::name_of(row) + " ";
        hash.add(std::as_bytes(std::span(name)));
    }
    hash.add(bytes_of(network.input.scale));
    hash.add(bytes_of(network.input.mean));
    hash.add(bytes_of(network.input.deviation));
    hash.add(bytes_of(network.input.order));
    for (const nn::filter& filter : network.filters) {
        hash.add(std::as_bytes(std::span(filter.weights.begin(), filter.weights.end())));
        hash.add(std::as_bytes(std::span(filter.bias.begin(), filter.bias.end())));
    }
    return hash.finish().substr(0, digits);
}

verification judge(const nn::network& network, std::vector<layer_activations> layers) {
    verification result{.fingerprint = fingerprint(network),
                        .known_as = {},
                        .layers = std::move(layers),
                        .faults = {}};
    const auto all = known_networks();
    const auto known = std::ranges::find(all, result.fingerprint, &known_network::fingerprint);
    if (known != all.end()) {
        result.known_as = known->name;
        compare(result, *known);
    }
    expect_sound(result);
    return result;
}

}  // namespace impasto::weights
