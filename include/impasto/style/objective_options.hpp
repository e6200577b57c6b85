#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/nn/extractor.hpp>
#include <impasto/style/convention.hpp>
#include <impasto/style/target.hpp>

namespace impasto::style {

struct objective_options {
    convention loss = convention::relative;
    double content_weight = 1;  ///< α
    double style_weight = 100;  ///< β
    double tv_weight = 5;       ///< γ
    std::vector<weighted_layer> content_layers;
    std::vector<weighted_layer> style_layers;
    nn::view view{};
    nn::tiling tiles{};
};

/// The layers for this network: where it lacks one that names another instead, that one, or none.
[[nodiscard]] inline std::vector<weighted_layer> layers_for(const nn::network& network,
                                                            std::vector<weighted_layer> layers) {
    const auto lacks = [&](const std::string& name) {
        return std::ranges::find(network.layers, name, nn::tap_name_of) == network.layers.end();
    };
    for (auto& layer : layers)
        if (layer.otherwise && lacks(layer.name))
            layer = {*layer.otherwise, layer.weight};
    std::erase_if(layers, [](const weighted_layer& layer) { return layer.name.empty(); });
    return layers;
}

/// The options of a forward pass to some layers, as the targets need it.
[[nodiscard]] inline nn::features_options extractor_options(
    const objective_options& options, const std::vector<weighted_layer>& layers) {
    nn::features_options result{.taps = {}, .view = options.view};
    for (const auto& layer : layers)
        result.taps.push_back(layer.name);
    return result;
}

namespace detail {

/// Weights to sum 1, layers without weight left out. Throws where none is left of a kind that
/// counts.
[[nodiscard]] inline std::vector<weighted_layer> normalized(std::vector<weighted_layer> layers,
                                                            const char* kind) {
    double total = 0;
    for (const auto& layer : layers) {
        if (!std::isfinite(layer.weight) || layer.weight < 0)
            throw option_error(std::string(kind) + " layer " + layer.name + ": weight " +
                               std::to_string(layer.weight) + " is not a number from 0 up");
        total += layer.weight;
    }
    std::erase_if(layers, [](const weighted_layer& layer) { return layer.weight == 0; });
    for (auto& layer : layers)
        layer.weight /= total;
    return layers;
}

inline void expect_weight(const char* name, double weight) {
    if (!std::isfinite(weight) || weight < 0)
        throw option_error(std::string(name) + " weight: " + std::to_string(weight) +
                           " is not a number from 0 up");
}

[[nodiscard]] inline objective_options checked(objective_options options) {
    expect_weight("content", options.content_weight);
    expect_weight("style", options.style_weight);
    expect_weight("total variation", options.tv_weight);
    options.content_layers = normalized(std::move(options.content_layers), "content");
    options.style_layers = normalized(std::move(options.style_layers), "style");
    if (options.content_layers.empty() && options.style_layers.empty())
        throw option_error("neither a content nor a style layer has a weight above 0");
    return options;
}

/// The layers of content, then those of style that are not among them. Throws where one is named
/// twice among its kind.
[[nodiscard]] inline std::vector<std::string> taps_of(const objective_options& options) {
    std::vector<std::string> taps;
    for (const auto* layers : {&options.content_layers, &options.style_layers}) {
        const auto first_of_kind = std::ssize(taps);
        for (const auto& layer : *layers) {
            if (std::find(taps.begin() + first_of_kind, taps.end(), layer.name) != taps.end())
                throw option_error("layer " + layer.name + " is named twice; name each layer once");
            if (std::find(taps.begin(), taps.end(), layer.name) == taps.end())
                taps.push_back(layer.name);
        }
    }
    return taps;
}

}  // namespace detail

}  // namespace impasto::style
