#pragma once

#include <string>
#include <vector>

#include <impasto/image/color.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/inversion.hpp>

// For every device: instantiated for the CPU in inversion.cpp, for a GPU in insight_cuda.cpp.
namespace impasto::insight {

namespace detail {

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
        const auto run = detail::content_of(layer, options);
        const auto size = plan(ctx, network, original.shape(), {}, run).back();
        const auto sought = image::resize(original, size.height, size.width);
        auto picture = paint(ctx, network, {.photo = original}, run, watch);
        const auto left = evaluate(ctx, network, sought, {}, picture, run).losses;
        const double psnr = image::psnr(picture, sought);
        found.push_back({layer, std::move(picture), psnr, left.content.front().value});
        if (stopped)
            break;
    }
    return found;
}

}  // namespace impasto::insight
