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

/// What a run does to pictures on the host, whatever the device.
namespace impasto::painter_detail {

/// The options for this network: a layer that it lacks is replaced or left out, as its `otherwise`
/// says, and an automatic margin becomes a number of pixels.
[[nodiscard]] stylize_options resolved(stylize_options options, const nn::network& network);

/// Seamless pictures have no edge that a margin could keep outside.
[[nodiscard]] inline std::int64_t canvas_margin(const stylize_options& options) {
    return options.view.border == ops::border::wrap ? 0 : options.margin;
}

/// A picture's size with the margin around it: that of the canvas which is painted.
[[nodiscard]] image::extent canvas_of(image::extent picture, const stylize_options& options);

[[nodiscard]] shape canvas_shape(image::extent picture, const stylize_options& options);
/// The picture, mirrored into the margin; empty where it is.
[[nodiscard]] image::picture canvas_of(image::picture_view picture, const stylize_options& options);

/// Where the descent starts, at the size of the first scale, margin included.
[[nodiscard]] image::picture first_canvas(const stylize_options& options, image::extent size,
                                          const brief& what);

/// An iterate as a picture: in [0,1], and with the content's colours where they are wanted.
[[nodiscard]] image::picture finished(image::picture picture, image::picture_view content,
                                      bool original_colors);

/// The paintings at the size at which they are looked at.
[[nodiscard]] std::vector<image::picture> resized(std::span<const image::picture_view> styles,
                                                  image::extent picture, double style_scale);

/// Small enough to be looked at in passing, large enough for all layers.
[[nodiscard]] image::picture small_copy(image::picture_view picture, const nn::network& network);

/// The last layer that a loss looks at.
[[nodiscard]] std::size_t deepest_layer(const nn::network& network, const stylize_options& options);

/// One for each painting; none where there is no painting and nothing asks for one.
[[nodiscard]] std::vector<double> shares_of(const stylize_options& options, std::size_t paintings);

/// The scales of a run: the schedule's, without those at which a picture is too small for a layer
/// that looks at it. Throws shape_error, which says which, where that is so at the last.
[[nodiscard]] std::vector<scale_step> scales_of(const nn::network& network, const shape& content,
                                                std::span<const shape> styles,
                                                const stylize_options& options);

/// Throws shape_error, which says which, where a picture is too small for a layer that looks at it.
/// size: of the result; the paintings follow it.
void expect_sizes(const nn::network& network, const stylize_options& options, image::extent size,
                  std::span<const shape> styles);

/// The photo's, or of the size that is asked for.
[[nodiscard]] shape content_shape(const brief& what);
[[nodiscard]] std::vector<shape> shapes_of(std::span<const image::picture_view> pictures);

/// Throws option_error and shape_error for what makes no sense.
void check_all(const brief& what, const stylize_options& options);

}  // namespace impasto::painter_detail
