#pragma once

#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <impasto/nn/extractor.hpp>
#include <impasto/ops/vector.hpp>
#include <impasto/style/statistics.hpp>

namespace impasto::style {

/// The target of the style losses: for each layer A/M, the Gram matrix divided by the number of
/// positions. For several paintings it is their weighted mean.
template <class Device>
struct style_target {
    std::vector<std::string> layers;
    std::vector<tensor<float, Device>> grams;  ///< [1,1,C,C] each
};

namespace detail {

/// The statistics of one painting at each tap.
template <class T, class Device>
[[nodiscard]] std::vector<statistics<Device>> statistics_of(
    context<Device>& ctx, nn::extractor<T, Device>& extractor,
    tensor_view<const float, Device> painting) {
    std::vector<statistics<Device>> result;
    for (std::size_t tap = 0; tap < extractor.tap_count(); ++tap)
        result.emplace_back(extractor.tap_shape(tap).c, extractor.tile_count() > 1);
    extractor.forward(ctx, painting,
                      [&](std::size_t, std::size_t tap, tensor_view<const stored<T>, Device> map) {
                          result[tap].template add<T>(ctx, map);
                      });
    return result;
}

}  // namespace detail

/// paintings: planar pixels [1,3,H,W], of any sizes; shares: their weights, scaled to sum 1. Throws
/// option_error if the numbers of paintings and shares differ.
template <class T, class Device>
[[nodiscard]] style_target<Device> make_style_target(
    context<Device>& ctx, const nn::network& net, nn::features_options options,
    std::span<const tensor_view<const float, Device>> paintings, std::span<const double> shares,
    const nn::tiling& tiles = {}) {
    if (shares.size() != paintings.size())
        throw option_error("style blend: " + std::to_string(shares.size()) + " weights for " +
                           std::to_string(paintings.size()) + " style pictures; give one for each");
    const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
    options.backward = false;
    style_target<Device> target{.layers = options.taps, .grams = {}};
    for (std::size_t i = 0; i < paintings.size(); ++i) {
        nn::extractor<T, Device> extractor(ctx, net, paintings[i].shape(), options,
                                           {.side = tiles.side});
        auto all = detail::statistics_of(ctx, extractor, paintings[i]);
        for (std::size_t t = 0; t < all.size(); ++t) {
            const double scale = extractor.tap_scale(t) * extractor.tap_scale(t) * shares[i] /
                                 total / static_cast<double>(all[t].units());
            ops::scale(ctx, static_cast<float>(scale), all[t].products());
            if (i == 0)
                target.grams.push_back(std::move(all[t]).take_products());
            else
                ops::axpy(ctx, 1.0f, all[t].products(), target.grams[t]);
        }
    }
    return target;
}

}  // namespace impasto::style
