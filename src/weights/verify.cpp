#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include <impasto/core/sha256.hpp>
#include <impasto/weights/activations.hpp>

namespace impasto::weights {

namespace {

struct mean_and_deviation {
    double mean, deviation;
};

/// A network whose activations on test_picture are known, layer by layer.
struct known_network {
    std::string_view fingerprint, name;
    std::vector<mean_and_deviation> layers;
};

const std::vector<known_network>& known_networks() {
    static const std::vector<known_network> networks{
        // tools/known_activations.py: PyTorch, in float64
        {"47ee91b1f9b0289c",
         "the built-in network",
         {{1.420303, 2.645053},
          {1.11418, 2.753741},
          {1.362894, 2.291827},
          {1.881877, 3.861897},
          {2.340146, 4.497044},
          {1.871607, 3.174331},
          {1.80918, 2.807983},
          {1.588306, 2.539745},
          {1.281972, 2.925714}}},
    };
    return networks;
}

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
            result.faults.push_back(found.name + ": mean " + text_of(found.mean) + ", deviation " +
                                    text_of(found.deviation) + "; expected " +
                                    text_of(expected.mean) + " and " + text_of(expected.deviation));
    }
}

void expect_sound(verification& result) {
    constexpr double out_of_proportion = 1e6;
    double smallest = INFINITY, largest = 0;
    for (const layer_activations& layer : result.layers) {
        if (!std::isfinite(layer.mean) || !std::isfinite(layer.deviation))
            result.faults.push_back(layer.name + ": not finite");
        if (2 * layer.dead > layer.channels)
            result.faults.push_back(layer.name + ": " + std::to_string(layer.dead) + " of " +
                                    std::to_string(layer.channels) +
                                    " channels are dead; filters or preprocessing are not those "
                                    "that belong together");
        if (layer.mean > 0) {
            smallest = std::min(smallest, layer.mean);
            largest = std::max(largest, layer.mean);
        }
    }
    if (largest > out_of_proportion * smallest)
        result.faults.push_back("the layers' means reach from " + text_of(smallest) + " to " +
                                text_of(largest));
}

}  // namespace

image::picture test_picture() {
    constexpr std::int64_t height = 96, width = 112;
    image::picture picture({1, 3, height, width});
    float* value = picture.data();
    std::uint32_t noise = 1;
    for (int c = 0; c < 3; ++c)
        for (std::int64_t y = 0; y < height; ++y)
            for (std::int64_t x = 0; x < width; ++x) {
                const auto u = static_cast<float>(x), v = static_cast<float>(y);
                const float wave = std::sin(0.05f * static_cast<float>(c + 2) * u + 0.09f * v);
                const float board = (x / 14 + y / 16 + c) % 2 == 0 ? 0.15f : -0.15f;
                noise = noise * 1664525 + 1013904223;  // Numerical Recipes, "quick and dirty"
                const float grain = static_cast<float>(noise >> 8) * 0x1p-24f - 0.5f;
                *value++ = 0.5f + 0.25f * wave + board + 0.1f * grain;
            }
    return picture;
}

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
    const auto& all = known_networks();
    const auto known = std::ranges::find(all, result.fingerprint, &known_network::fingerprint);
    if (known != all.end()) {
        result.known_as = known->name;
        compare(result, *known);
    }
    expect_sound(result);
    return result;
}

}  // namespace impasto::weights
