#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/painter/brief.hpp>
#include <impasto/painter/options.hpp>

#include "painter/schedule.hpp"

/// Operations on pictures on the host, for all devices.
namespace impasto::painter_detail {

/// The options for this network: layers that it does not have are replaced or left out according to
/// their `otherwise`, and an automatic margin becomes a number of pixels.
[[nodiscard]] stylize_options resolved(stylize_options options, const nn::network& network);

/// The margin in pixels; 0 for seamless pictures, which have no edge.
[[nodiscard]] inline std::int64_t canvas_margin(const stylize_options& options) {
    return options.view.border == ops::border::wrap ? 0 : options.margin;
}

/// The size of the canvas: that of the picture plus the margin on every side.
[[nodiscard]] image::extent canvas_of(image::extent picture, const stylize_options& options);

[[nodiscard]] shape canvas_shape(image::extent picture, const stylize_options& options);
/// The picture, mirrored into the margin; empty if the picture is empty.
[[nodiscard]] image::picture canvas_of(image::picture_view picture, const stylize_options& options);

/// The initial canvas, at the size of the first scale, including the margin.
[[nodiscard]] image::picture first_canvas(const stylize_options& options, image::extent size,
                                          const brief& what);

/// The result as a picture: clamped to [0,1], with the colours of the content if requested.
[[nodiscard]] image::picture finished(image::picture picture, image::picture_view content,
                                      bool original_colors);

/// The paintings at the size of the style targets.
[[nodiscard]] std::vector<image::picture> resized(std::span<const image::picture_view> styles,
                                                  image::extent picture, double style_scale);

/// The picture at most 256 pixels large, but large enough for all layers.
[[nodiscard]] image::picture small_copy(image::picture_view picture, const nn::network& network);

/// Position of the deepest layer of the losses.
[[nodiscard]] std::size_t deepest_layer(const nn::network& network, const stylize_options& options);

/// One weight for each painting; empty if there is no painting and none is needed.
[[nodiscard]] std::vector<double> shares_of(const stylize_options& options, std::size_t paintings);

/// The scales of a run: those of the schedule at which no picture is too small for its layers.
/// Throws shape_error, which names the picture, if one is too small at the last scale.
[[nodiscard]] std::vector<scale_step> scales_of(const nn::network& network, const shape& content,
                                                std::span<const shape> styles,
                                                const stylize_options& options);

/// Throws shape_error, which names the picture, if a picture is too small for its layers.
/// size: of the result; the sizes of the paintings depend on it.
void expect_sizes(const nn::network& network, const stylize_options& options, image::extent size,
                  std::span<const shape> styles);

/// The shape of the photo or, without a photo, of the size of the brief.
[[nodiscard]] shape content_shape(const brief& what);
[[nodiscard]] std::vector<shape> shapes_of(std::span<const image::picture_view> pictures);

/// Throws option_error and shape_error for invalid options and pictures.
void check_all(const brief& what, const stylize_options& options);

}  // namespace impasto::painter_detail
