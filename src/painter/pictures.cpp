#include "painter/pictures.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <impasto/core/error.hpp>
#include <impasto/image/color.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/ops/random.hpp>

#include "painter/schedule.hpp"

namespace impasto::painter_detail {

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

}  // namespace

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
    expect("content", deepest_layer(network, options), size);
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
