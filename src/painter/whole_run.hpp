#pragma once

#include <algorithm>
#include <concepts>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <impasto/core/half.hpp>
#include <impasto/core/precision.hpp>
#include <impasto/image/crop.hpp>
#include <impasto/nn/rescale.hpp>
#include <impasto/painter/stylize.hpp>

#include "painter/pictures.hpp"
#include "painter/scale_run.hpp"
#include "painter/schedule.hpp"

// The whole run, for every device and number format: instantiated for the CPU in stylize.cpp, for a
// GPU in painter_cuda.cpp.
namespace impasto {

namespace painter_detail {

/// The network as maps of T want it: fitted to photo and paintings for half, otherwise as it is.
template <class T>
class fitted_network {
public:
    template <class Device>
    fitted_network(context<Device>& ctx, const nn::network& given, image::picture_view content,
                   std::span<const image::picture_view> styles, const stylize_options& options)
        : used_(&given) {
        if constexpr (std::same_as<T, half>) {
            std::vector<tensor<float, Device>> uploaded;
            std::vector<tensor_view<const float, Device>> views;
            uploaded.reserve(styles.size() + 1);
            const auto look_at = [&](image::picture_view picture) {
                views.push_back(
                    uploaded.emplace_back(upload(ctx, small_copy(picture, given))).view());
            };
            look_at(content);
            std::ranges::for_each(styles, look_at);
            fitted_ = nn::fitted_to_half<Device>(
                ctx, given, deepest_layer(given, options), views,
                style::extractor_options(objective_options(options), {}));
            used_ = &*fitted_;
        }
    }

    [[nodiscard]] const nn::network& get() const { return *used_; }

private:
    std::optional<nn::network> fitted_;
    const nn::network* used_;
};

template <class T, class Device>
image::picture paint(context<Device>& ctx, const nn::network& given, image::picture_view content,
                     std::span<const image::picture_view> styles, const stylize_options& options,
                     const observer& observe) {
    const auto shares = shares_of(options, styles.size());
    std::vector<shape> shapes;
    std::ranges::transform(styles, std::back_inserter(shapes),
                           [](const auto& style) { return style.shape(); });
    const auto steps = scales_of(given, content.shape(), shapes, options);
    const fitted_network<T> network(ctx, given, content, styles, options);

    image::picture picture;
    std::unique_ptr<scale_run<Device>> run, coarser;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& [size, iterations] = steps[i];
        const auto photo = image::resize(content, size.height, size.width);
        auto objective =
            make_objective<T>(ctx, network.get(), image::mirrored(photo, canvas_margin(options)),
                              resized(styles, size, options.style_scale), shares, options);
        const auto begin = i == 0 ? first_canvas(options, size, content, styles)
                                  : enlarged(picture, size, canvas_margin(options));
        coarser = std::move(run);
        run = std::make_unique<scale_run<Device>>(ctx, upload(ctx, begin), options);
        if (coarser != nullptr)
            run->carry(*coarser);

        progress at{.scale = static_cast<int>(i),
                    .scales = static_cast<int>(steps.size()),
                    .height = size.height,
                    .width = size.width,
                    .iterations = iterations,
                    .losses = {},
                    .picture = {}};
        observer watch;
        if (observe)
            watch = [&](progress now) {
                now.picture = [&, raw = now.picture] {
                    return finished(raw(), photo, options.original_colors);
                };
                return observe(now);
            };
        const auto end = run->run(objective, at, watch);
        picture = run->picture();
        if (end == run_end::diverged)
            throw painting_diverged(run->complaint(),
                                    finished(std::move(picture), photo, options.original_colors));
        if (end == run_end::stopped || i + 1 == steps.size())
            return finished(std::move(picture), photo, options.original_colors);
    }
    return picture;
}

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
evaluation evaluate_in(context<Device>& ctx, const nn::network& given, image::picture_view content,
                       std::span<const image::picture_view> styles, image::picture_view picture,
                       const stylize_options& options) {
    const fitted_network<T> network(ctx, given, content, styles, options);
    const auto shares = shares_of(options, styles.size());
    std::vector<image::picture> paintings;
    for (const auto& style : styles)
        paintings.push_back(image::resize(style, style.shape().h, style.shape().w));
    auto objective = make_objective<T>(ctx, network.get(), content, paintings, shares, options);
    const auto x = upload(ctx, picture);
    tensor<float, Device> gradient(x.shape());
    objective.evaluate(x, gradient);
    return {.losses = objective.terms(), .gradient = download(ctx, gradient)};
}

}  // namespace painter_detail

template <class Device>
image::picture stylize(context<Device>& ctx, const nn::network& network,
                       image::picture_view content, std::span<const image::picture_view> styles,
                       const stylize_options& options, const observer& observe) {
    painter_detail::check_all(content, styles, options);
    return in_precision<Device>(options.precision, [&](auto number) {
        return painter_detail::paint<decltype(number)>(
            ctx, network, content, styles, painter_detail::resolved(options, network), observe);
    });
}

template <class Device>
std::vector<scale_plan> plan(context<Device>& ctx, const nn::network& network, const shape& content,
                             std::span<const shape> styles, const stylize_options& options) {
    painter_detail::check(options);
    painter_detail::check_picture("content", content);
    return in_precision<Device>(options.precision, [&](auto number) {
        return painter_detail::plan_in<decltype(number)>(
            ctx, network, content, styles, painter_detail::resolved(options, network));
    });
}

template <class Device>
evaluation evaluate(context<Device>& ctx, const nn::network& network, image::picture_view content,
                    std::span<const image::picture_view> styles, image::picture_view picture,
                    const stylize_options& options) {
    painter_detail::check_all(content, styles, options);
    expect_shape("evaluate", "picture", content.shape(), picture.shape());
    return in_precision<Device>(options.precision, [&](auto number) {
        return painter_detail::evaluate_in<decltype(number)>(
            ctx, network, content, styles, picture, painter_detail::resolved(options, network));
    });
}

}  // namespace impasto
