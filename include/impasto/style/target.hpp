#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <impasto/nn/features.hpp>
#include <impasto/ops/gram.hpp>
#include <impasto/ops/vector.hpp>

namespace impasto::style {

/// What a style loss keeps of paintings: per layer A/M, the Gram matrix of a map over its pixels.
/// Sums over pixels add up, so several paintings make one target by their weighted mean.
template <class Device>
struct style_target {
    std::vector<std::string> layers;
    std::vector<tensor<float, Device>> grams;  ///< [1,1,C,C] each
};

/// paintings: planar pixels [1,3,H,W], of any sizes; shares: one for each, brought to sum 1.
template <class T, class Device>
[[nodiscard]] style_target<Device> make_style_target(
    context<Device>& ctx, const nn::network& net, nn::features_options options,
    std::span<const tensor_view<const float, Device>> paintings, std::span<const double> shares) {
    if (shares.size() != paintings.size())
        throw option_error("style blend: " + std::to_string(shares.size()) + " weights for " +
                           std::to_string(paintings.size()) + " style pictures; give one for each");
    double total = 0;
    for (const double share : shares)
        total += share;

    options.backward = false;
    style_target<Device> target{.layers = options.taps, .grams = {}};
    for (std::size_t i = 0; i < paintings.size(); ++i) {
        nn::features<T, Device> extractor(ctx, net, paintings[i].shape(), options);
        extractor.forward(ctx, paintings[i]);
        for (std::size_t t = 0; t < extractor.tap_count(); ++t) {
            const auto map = extractor.tap_shape(t);
            tensor<float, Device> gram({1, 1, map.c, map.c});
            ops::gram<T>(ctx, extractor.tap(t), gram);
            const double scale = extractor.tap_scale(t) * extractor.tap_scale(t) * shares[i] /
                                 total / static_cast<double>(map.pixels());
            ops::scale(ctx, static_cast<float>(scale), gram);
            if (i == 0)
                target.grams.push_back(std::move(gram));
            else
                ops::axpy(ctx, 1.0f, gram, target.grams[t]);
        }
    }
    return target;
}

/// What a content loss keeps of a photo: the maps themselves.
template <class T, class Device>
struct content_target {
    std::vector<std::string> layers;
    std::vector<tensor<stored<T>, Device>> maps;
};

template <class T, class Device>
[[nodiscard]] content_target<T, Device> make_content_target(
    context<Device>& ctx, const nn::network& net, nn::features_options options,
    tensor_view<const float, Device> photo) {
    options.backward = false;
    nn::features<T, Device> extractor(ctx, net, photo.shape(), options);
    extractor.forward(ctx, photo);
    content_target<T, Device> target{.layers = options.taps, .maps = {}};
    for (std::size_t t = 0; t < extractor.tap_count(); ++t) {
        const auto map = extractor.tap(t);
        ops::copy<T>(ctx, map, target.maps.emplace_back(map.shape(), map.layout()));
    }
    return target;
}

}  // namespace impasto::style
