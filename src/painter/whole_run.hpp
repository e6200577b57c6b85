#pragma once

#include <memory>
#include <vector>

#include <impasto/core/precision.hpp>
#include <impasto/painter/stylize.hpp>

#include "painter/painting_run.hpp"

// Whole runs, for all devices and number formats: instantiated for the CPU in stylize.cpp, for a
// GPU in painter_cuda.cpp.
namespace impasto {

namespace painter_detail {

template <class T, class Device>
std::vector<scale_plan> plan_in(context<Device>& ctx, const nn::network& network,
                                const shape& content, std::span<const shape> styles,
                                const stylize_options& options) {
    const auto shares = shares_of(options, styles.size());
    for (const auto& style : styles)
        check_picture("style", style);
    std::vector<scale_plan> result;
    for (const auto& [size, iterations] : scales_of(network, content, styles, options)) {
        const auto canvas = canvas_of(size, options);
        const shape pixels{1, 3, canvas.height, canvas.width};
        const style::objective<T, Device> planned(ctx, network, pixels, objective_options(options));
        const auto vectors = options.optimizer == optimizer::lbfgs ? 2 * options.history + 8 : 8;
        result.push_back(
            {.height = size.height,
             .width = size.width,
             .iterations = iterations,
             .peak_bytes = planned.peak_bytes() +
                           static_cast<std::size_t>(vectors * pixels.elements()) * sizeof(float),
             .macs = planned.forward_macs()});
    }
    return result;
}

template <class T, class Device>
evaluation evaluate_in(context<Device>& ctx, const nn::network& given, const brief& what,
                       image::picture_view picture, const stylize_options& options) {
    const fitted_network<T> network(ctx, given, what, options);
    const auto shares = shares_of(options, what.paintings.size());
    std::vector<image::picture> paintings;
    for (const auto& painting : what.paintings)
        paintings.push_back(image::resize(painting, painting.shape().h, painting.shape().w));
    auto objective = make_objective<T>(ctx, network.get(), picture.shape(), what.photo, paintings,
                                       shares, options);
    const auto x = upload(ctx, picture);
    tensor<float, Device> gradient(x.shape());
    objective.evaluate(x, gradient);
    return {.losses = objective.terms(), .gradient = download(ctx, gradient)};
}

}  // namespace painter_detail

template <class Device>
image::picture paint(context<Device>& ctx, const nn::network& network, const brief& what,
                     const stylize_options& options, const observer& observe) {
    const auto run = std::make_shared<painting<Device>>(ctx, network, what, options);
    while (!run->finished()) {
        auto now = run->step();
        now.picture = [watched = std::weak_ptr(run)] {
            if (const auto still_there = watched.lock())
                return still_there->picture();
            throw option_error("progress: the run has ended, and its picture with it");
        };
        if (observe && observe(now))
            break;
    }
    return run->picture();
}

template <class Device>
image::picture stylize(context<Device>& ctx, const nn::network& network,
                       image::picture_view content, std::span<const image::picture_view> styles,
                       const stylize_options& options, const observer& observe) {
    painter_detail::check_picture("content", content.shape());
    return paint(ctx, network, {.photo = content, .paintings = {styles.begin(), styles.end()}},
                 options, observe);
}

template <class Device>
std::vector<scale_plan> plan(context<Device>& ctx, const nn::network& network, const shape& content,
                             std::span<const shape> styles, const stylize_options& options) {
    painter_detail::check(options);
    painter_detail::check_picture("content", content);
    return in_precision<Device>(options.view.precision, [&](auto number) {
        return painter_detail::plan_in<decltype(number)>(
            ctx, network, content, styles, painter_detail::resolved(options, network));
    });
}

template <class Device>
evaluation evaluate(context<Device>& ctx, const nn::network& network, image::picture_view content,
                    std::span<const image::picture_view> styles, image::picture_view picture,
                    const stylize_options& options) {
    const brief what{.photo = content, .paintings = {styles.begin(), styles.end()}};
    painter_detail::check_all(what, options);
    expect_shape("evaluate", "picture", content.shape(), picture.shape());
    return in_precision<Device>(options.view.precision, [&](auto number) {
        return painter_detail::evaluate_in<decltype(number)>(
            ctx, network, what, picture, painter_detail::resolved(options, network));
    });
}

}  // namespace impasto
