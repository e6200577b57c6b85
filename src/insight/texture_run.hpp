#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <impasto/insight/texture.hpp>
#include <impasto/style/objective_options.hpp>

// For every device: instantiated for the CPU in texture.cpp, for a GPU in insight_cuda.cpp.
namespace impasto::insight {

namespace detail {

inline double longest(const shape& s) {
    return static_cast<double>(std::max(s.h, s.w));
}

}  // namespace detail

template <class Device>
image::picture texture(context<Device>& ctx, const nn::network& network,
                       image::picture_view painting, image::extent size,
                       const stylize_options& options, const observer& observe) {
    auto run = options;
    run.size = 0;
    run.content_layers = {};
    run.original_colors = false;
    if (run.start == start::content)
        run.start = start::gray;
    run.style_scale *=
        detail::longest(painting.shape()) / detail::longest({1, 3, size.height, size.width});
    return paint(ctx, network, {.paintings = {painting}, .size = size}, run, observe);
}

template <class Device>
std::vector<texture_step> texture_progression(context<Device>& ctx, const nn::network& network,
                                              image::picture_view painting, image::extent size,
                                              const stylize_options& options,
                                              const observer& observe) {
    std::vector<texture_step> steps;
    bool stopped = false;
    const auto watch = [&](const progress& now) { return stopped = observe && observe(now); };
    auto run = options;
    run.style_layers = {};
    for (const auto& layer : style::layers_for(network, options.style_layers)) {
        run.style_layers.push_back(layer);
        steps.push_back({layer.name, texture(ctx, network, painting, size, run, watch)});
        if (stopped)
            break;
    }
    return steps;
}

}  // namespace impasto::insight
