#pragma once

#include <span>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/image/picture.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/painter/painting.hpp>

namespace impasto {

/// Paints `content` in the manner of `styles`: the whole run, coarse to fine. Returns a picture
/// [1,3,H,W] in [0,1] with the content's proportions. Without style layers no painting is needed.
/// Throws option_error for options that make no sense, shape_error for pictures too small for the
/// layers, divergence_error where J is not a number at the start, painting_diverged where it leaves
/// its start by a factor of 100.
/// Source: Gatys et al. 2016; coarse to fine: Gatys et al. 2017, §6.
template <class Device>
[[nodiscard]] image::picture stylize(context<Device>& ctx, const nn::network& network,
                                     image::picture_view content,
                                     std::span<const image::picture_view> styles,
                                     const stylize_options& options = {},
                                     const observer& observe = {});

/// The same with one painting.
template <class Device>
[[nodiscard]] image::picture stylize(context<Device>& ctx, const nn::network& network,
                                     image::picture_view content, image::picture_view style,
                                     const stylize_options& options = {},
                                     const observer& observe = {}) {
    return stylize(ctx, network, content, std::span(&style, 1), options, observe);
}

/// Paints a brief to its end.
template <class Device>
[[nodiscard]] image::picture paint(context<Device>& ctx, const nn::network& network,
                                   const brief& what, const stylize_options& options = {},
                                   const observer& observe = {});

/// What stylize would do, scale by scale: sizes, memory, work. Checks everything that stylize
/// checks.
template <class Device>
[[nodiscard]] std::vector<scale_plan> plan(context<Device>& ctx, const nn::network& network,
                                           const shape& content, std::span<const shape> styles,
                                           const stylize_options& options = {});

/// J and its terms at a picture, and dJ/dpixels: one evaluation, at the pictures' own sizes.
struct evaluation {
    style::loss_terms losses;
    image::picture gradient;  ///< [1,3,H,W]
};

/// `picture` has the content's size. options.size, scales, start and the like are not looked at.
template <class Device>
[[nodiscard]] evaluation evaluate(context<Device>& ctx, const nn::network& network,
                                  image::picture_view content,
                                  std::span<const image::picture_view> styles,
                                  image::picture_view picture, const stylize_options& options = {});

}  // namespace impasto
