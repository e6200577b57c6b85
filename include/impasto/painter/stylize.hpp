#pragma once

#include <span>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/image/picture.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/painter/painting.hpp>

namespace impasto {

/// Paints `content` in the style of `styles`, the whole run, coarse to fine. Returns a picture
/// [1,3,H,W] in [0,1] with the proportions of the content. Without style layers, no painting is
/// needed. Throws option_error for invalid options, shape_error for pictures too small for the
/// layers, divergence_error if J is not finite at the start of a scale, and painting_diverged if
/// the run diverges later. Source: Gatys et al. 2016; coarse to fine: Gatys et al. 2017, §6.
template <class Device>
[[nodiscard]] image::picture stylize(context<Device>& ctx, const nn::network& network,
                                     image::picture_view content,
                                     std::span<const image::picture_view> styles,
                                     const stylize_options& options = {},
                                     const observer& observe = {});

/// Overload for one painting.
template <class Device>
[[nodiscard]] image::picture stylize(context<Device>& ctx, const nn::network& network,
                                     image::picture_view content, image::picture_view style,
                                     const stylize_options& options = {},
                                     const observer& observe = {}) {
    return stylize(ctx, network, content, std::span(&style, 1), options, observe);
}

/// Runs all iterations of a brief, or until the observer stops it. Throws as stylize does.
template <class Device>
[[nodiscard]] image::picture paint(context<Device>& ctx, const nn::network& network,
                                   const brief& what, const stylize_options& options = {},
                                   const observer& observe = {});

/// The scales of a run of stylize: sizes, memory, arithmetic. Throws option_error and shape_error
/// as stylize does.
template <class Device>
[[nodiscard]] std::vector<scale_plan> plan(context<Device>& ctx, const nn::network& network,
                                           const shape& content, std::span<const shape> styles,
                                           const stylize_options& options = {});

/// One evaluation of the objective, at the size of the pictures: J, its terms and dJ/dpixels.
struct evaluation {
    style::loss_terms losses;
    image::picture gradient;  ///< [1,3,H,W]
};

/// Evaluates `picture`, which has the size of the content; throws shape_error if not. Options about
/// size, scales, initial picture and optimiser are ignored.
template <class Device>
[[nodiscard]] evaluation evaluate(context<Device>& ctx, const nn::network& network,
                                  image::picture_view content,
                                  std::span<const image::picture_view> styles,
                                  image::picture_view picture, const stylize_options& options = {});

}  // namespace impasto
