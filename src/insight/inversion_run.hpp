#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <impasto/image/color.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/inversion.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/ops/transfer.hpp>
#include <impasto/ops/vector.hpp>

// For every device: instantiated for the CPU in inversion.cpp, for a GPU in kernels/insight.cpp.
namespace impasto::insight {

namespace detail {

/// The mean square of a picture's map, by which its layer's losses become comparable with others'.
template <class Device>
double energy(context<Device>& ctx, const nn::network& network, image::picture_view pixels,
              const stylize_options& options) {
    const auto& layer = options.content_layers.front().name;
    nn::features<float, Device> features(ctx, network, pixels.shape(),
                                         {.taps = {layer},
                                          .pooling = options.pooling,
                                          .border = options.border,
                                          .algorithm = options.algorithm,
                                          .conv_engine = options.conv_engine,
                                          .backward = false});
    tensor<float, Device> uploaded(pixels.shape());
    ops::upload(ctx, pixels, uploaded.view());
    features.forward(ctx, uploaded);
    const auto map = features.tap(0);
    const double mean = ops::dot(ctx, map, map) / static_cast<double>(map.shape().elements());
    return std::max(mean, 1e-12);  // a black map is no target, but no division by zero either
}

inline stylize_options content_of(const std::string& layer, stylize_options options) {
    options.loss = style::convention::relative;
    options.content_layers = {{layer, 1}};
    options.content_weight = 1;
    options.style_layers = {};
    options.original_colors = false;
    return options;
}

}  // namespace detail

template <class Device>
std::vector<inversion> invert(context<Device>& ctx, const nn::network& network,
                              image::picture_view original, std::span<const std::string> layers,
                              const stylize_options& options, const observer& observe) {
    for (const auto& layer : layers)
        (void)plan(ctx, network, original.shape(), {}, detail::content_of(layer, options));

    std::vector<inversion> found;
    bool stopped = false;
    const auto watch = [&](const progress& now) { return stopped = observe && observe(now); };
    for (const auto& layer : layers) {
        auto run = detail::content_of(layer, options);
        const auto size = plan(ctx, network, original.shape(), {}, run).back();
        const auto sought = image::resize(original, size.height, size.width);
        const double unit = detail::energy(ctx, network, sought, run);
        run.content_weight = 1 / unit;
        auto picture =
            stylize(ctx, network, original, std::span<const image::picture_view>(), run, watch);
        const auto left = evaluate(ctx, network, sought, {}, picture, run).losses;
        const double psnr = image::psnr(picture, sought);
        found.push_back({layer, std::move(picture), psnr, left.content.front().value / unit});
        if (stopped)
            break;
    }
    return found;
}

}  // namespace impasto::insight
