#include "painter/pictures.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <impasto/core/error.hpp>
#include <impasto/image/color.hpp>
#include <impasto/image/crop.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/nn/receptive_field.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/style/objective_options.hpp>

#include "painter/schedule.hpp"

namespace impasto::painter_detail {

namespace {

image::picture gray(image::extent size) {
    image::picture result({1, 3, size.height, size.width});
    std::fill(result.begin(), result.end(), 0.5f);
    return result;
}

image::picture noise(image::extent size, std::uint64_t seed, float mean, double deviation) {
    context<cpu> host;
    image::picture result({1, 3, size.height, size.width});
    ops::fill_normal(host, seed, mean, static_cast<float>(deviation), result);
    return result;
}

// Where a picture is flat, every pixel has the same gradient and no stroke can begin: noise ends
// that.
image::picture roughened(image::picture canvas, const stylize_options& options) {
    if (options.start_noise == 0)
        return canvas;
    const auto rough =
        noise({canvas.shape().h, canvas.shape().w}, options.seed, 0.0f, options.start_noise);
    std::transform(canvas.begin(), canvas.end(), rough.begin(), canvas.begin(), std::plus<>());
    return canvas;
}

// An iterate has values beyond what a picture can show.
image::picture clamped(image::picture picture) {
    for (float& value : picture)
        value = std::clamp(value, 0.0f, 1.0f);
    return picture;
}

std::size_t deepest_of(const nn::network& network,
                       const std::vector<style::weighted_layer>& layers) {
    std::size_t deepest = 0;
    for (const auto& layer : layers)
        if (layer.weight != 0)
            deepest = std::max(deepest, nn::find_tap(network.layers, layer.name));
    return deepest;
}

/// Half of what a unit of the deepest layer with a stride of up to 8 sees: with a quarter, the
/// picture of a black photo was up to 38 % more saturated at the edge than inside; more than half
/// changed nothing further. relu5_1 does not count: it sees too coarsely to draw a frame, and would
/// triple a small canvas. A multiple of the deepest stride, so that pools start where they would
/// without a margin.
std::int64_t margin_for(const nn::network& network, const stylize_options& options) {
    constexpr std::int64_t fine_stride = 8;
    const auto deepest = nn::receptive_field_of(network.layers, deepest_layer(network, options));
    std::int64_t widest = 0;
    for (const auto* layers : {&options.content_layers, &options.style_layers})
        for (const auto& layer : *layers) {
            const auto field = nn::receptive_field_of(network.layers, layer.name);
            if (layer.weight != 0 && field.stride <= fine_stride)
                widest = std::max(widest, field.size);
        }
    if (widest == 0)
        widest = deepest.size;
    return (widest / 2 + deepest.stride - 1) / deepest.stride * deepest.stride;
}

}  // namespace

stylize_options resolved(stylize_options options, const nn::network& network) {
    options.content_layers = style::layers_for(network, std::move(options.content_layers));
    options.style_layers = style::layers_for(network, std::move(options.style_layers));
    if (options.margin == automatic_margin)
        options.margin = margin_for(network, options);
    return options;
}

image::extent canvas_of(image::extent picture, const stylize_options& options) {
    const auto margin = canvas_margin(options);
    return {picture.height + 2 * margin, picture.width + 2 * margin};
}

image::picture first_canvas(const stylize_options& options, image::extent size,
                            image::picture_view content,
                            std::span<const image::picture_view> styles) {
    const auto begin_with = [&](image::picture_view picture) {
        return image::mirrored(image::resize(picture, size.height, size.width),
                               canvas_margin(options));
    };
    switch (options.start) {
        case start::content:
            return roughened(begin_with(content), options);
        case start::style:
            return roughened(begin_with(styles.front()), options);
        case start::noise:
        case start::gray:
            return roughened(gray(canvas_of(size, options)), options);
        case start::picture:
            break;
    }
    return begin_with(options.start_picture);
}

std::vector<scale_step> scales_of(const nn::network& network, const shape& content,
                                  std::span<const shape> styles, const stylize_options& options) {
    auto steps = schedule(content, options);
    const auto last = steps.back();
    expect_sizes(network, options, last.size, styles);
    std::erase_if(steps, [&](const scale_step& step) {
        try {
            expect_sizes(network, options, step.size, styles);
            return false;
        } catch (const shape_error&) {
            return true;
        }
    });
    return steps;
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

image::picture small_copy(image::picture_view picture, const nn::network& network) {
    constexpr std::int64_t longest = 256;
    const auto [h, w] = image::fit(picture.shape().h, picture.shape().w, longest, false);
    const auto least = nn::smallest_side(network.layers, network.layers.size() - 1);
    return image::resize(picture, std::max(h, least), std::max(w, least));
}

std::size_t deepest_layer(const nn::network& network, const stylize_options& options) {
    return std::max(deepest_of(network, options.content_layers),
                    deepest_of(network, options.style_layers));
}

void expect_sizes(const nn::network& network, const stylize_options& options, image::extent size,
                  std::span<const shape> styles) {
    const auto expect = [&](const std::string& which, std::size_t deepest, image::extent picture) {
        try {
            nn::expect_pixels(network.layers, deepest, {1, 3, picture.height, picture.width});
        } catch (const shape_error& e) {
            throw shape_error(which + ": " + e.what());
        }
    };
    expect("content", deepest_layer(network, options), canvas_of(size, options));
    for (std::size_t i = 0; i < styles.size(); ++i)
        expect(styles.size() == 1 ? "style" : "style " + std::to_string(i + 1),
               deepest_of(network, options.style_layers),
               style_size(styles[i], size, options.style_scale));
}

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

}  // namespace impasto::painter_detail
