#include <impasto/painter/stylize.hpp>

#include <algorithm>
#include <memory>

#include <impasto/image/color.hpp>
#include <impasto/ops/random.hpp>

#include "painter/scale_run.hpp"
#include "painter/schedule.hpp"

namespace impasto {

using namespace painter_detail;

namespace {

image::picture gray(image::extent size) {
    image::picture result({1, 3, size.height, size.width});
    std::fill(result.begin(), result.end(), 0.5f);
    return result;
}

// White noise around grey, faint enough that few values leave [0,1].
image::picture noise(context<cpu>& host, image::extent size, std::uint64_t seed) {
    image::picture result({1, 3, size.height, size.width});
    ops::fill_normal(host, seed, 0.5f, 0.15f, result);
    return result;
}

image::picture first_picture(const stylize_options& options, image::extent size,
                             image::picture_view content,
                             std::span<const image::picture_view> styles) {
    context<cpu> host;
    switch (options.start) {
        case start::content:
            return image::resize(content, size.height, size.width);
        case start::style:
            return image::resize(styles.front(), size.height, size.width);
        case start::noise:
            return noise(host, size, options.seed);
        case start::gray:
            return gray(size);
        case start::picture:
            break;
    }
    return image::resize(options.start_picture, size.height, size.width);
}

// An iterate has values beyond what a picture can show.
image::picture clamped(image::picture picture) {
    for (float& value : picture)
        value = std::clamp(value, 0.0f, 1.0f);
    return picture;
}

image::picture finished(image::picture picture, image::picture_view content, bool original_colors) {
    picture = clamped(std::move(picture));
    return original_colors ? image::with_colors_of(picture, content) : std::move(picture);
}

std::vector<image::picture> resized(std::span<const image::picture_view> styles,
                                    image::extent picture, double style_scale) {
    std::vector<image::picture> result;
    for (const auto& style : styles) {
        const auto size = style_size(style.shape(), picture, style_scale);
        result.push_back(image::resize(style, size.height, size.width));
    }
    return result;
}

/// One for each painting; none where there is no painting and nothing asks for one.
std::vector<double> shares_of(const stylize_options& options, std::size_t paintings) {
    if (paintings == 0 && options.style_layers.empty() && options.start != start::style)
        return {};
    return blend(options.style_blend, paintings);
}

void check_all(image::picture_view content, std::span<const image::picture_view> styles,
               const stylize_options& options) {
    check(options);
    check_picture("content", content.shape());
    for (const auto& style : styles)
        check_picture("style", style.shape());
}

}  // namespace

template <class Device>
image::picture stylize(context<Device>& ctx, const nn::network& network,
                       image::picture_view content, std::span<const image::picture_view> styles,
                       const stylize_options& options, const observer& observe) {
    check_all(content, styles, options);
    const auto shares = shares_of(options, styles.size());
    const auto steps = schedule(content.shape(), options);

    image::picture picture;
    std::unique_ptr<scale_run<Device>> run, coarser;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& [size, iterations] = steps[i];
        const auto photo = image::resize(content, size.height, size.width);
        auto objective = make_objective(
            ctx, network, photo, resized(styles, size, options.style_scale), shares, options);
        const auto begin = i == 0 ? first_picture(options, size, content, styles)
                                  : image::resize_planes(picture, size.height, size.width);
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
        const bool stop = run->run(objective, at, watch);
        picture = download(ctx, run->current());
        if (stop || i + 1 == steps.size())
            return finished(std::move(picture), photo, options.original_colors);
    }
    return picture;
}

template <class Device>
std::vector<scale_plan> plan(context<Device>& ctx, const nn::network& network, const shape& content,
                             std::span<const shape> styles, const stylize_options& options) {
    check(options);
    check_picture("content", content);
    const auto shares = shares_of(options, styles.size());
    std::vector<scale_plan> result;
    for (const auto& [size, iterations] : schedule(content, options)) {
        const shape pixels{1, 3, size.height, size.width};
        const style::objective<float, Device> planned(ctx, network, pixels,
                                                      objective_options(options));
        std::size_t deepest = 0;
        for (const auto& layer : planned.options().style_layers)
            deepest = std::max(deepest, nn::find_tap(network.layers, layer.name));
        for (const auto& style : styles) {
            check_picture("style", style);
            const auto s = style_size(style, size, options.style_scale);
            nn::expect_pixels(network.layers, deepest, {1, 3, s.height, s.width});
        }
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

template <class Device>
evaluation evaluate(context<Device>& ctx, const nn::network& network, image::picture_view content,
                    std::span<const image::picture_view> styles, image::picture_view picture,
                    const stylize_options& options) {
    check_all(content, styles, options);
    expect_shape("evaluate", "picture", content.shape(), picture.shape());
    const auto shares = shares_of(options, styles.size());
    std::vector<image::picture> paintings;
    for (const auto& style : styles)
        paintings.push_back(image::resize(style, style.shape().h, style.shape().w));
    auto objective = make_objective(ctx, network, content, paintings, shares, options);
    const auto x = upload(ctx, picture);
    tensor<float, Device> gradient(x.shape());
    objective.evaluate(x, gradient);
    return {.losses = objective.terms(), .gradient = download(ctx, gradient)};
}

template image::picture stylize(context<cpu>&, const nn::network&, image::picture_view,
                                std::span<const image::picture_view>, const stylize_options&,
                                const observer&);
template std::vector<scale_plan> plan(context<cpu>&, const nn::network&, const shape&,
                                      std::span<const shape>, const stylize_options&);
template evaluation evaluate(context<cpu>&, const nn::network&, image::picture_view,
                             std::span<const image::picture_view>, image::picture_view,
                             const stylize_options&);

}  // namespace impasto
