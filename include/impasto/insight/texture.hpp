#pragma once

#include <string>
#include <vector>

#include <impasto/image/resize.hpp>
#include <impasto/painter/stylize.hpp>

namespace impasto::insight {

/// From noise, coarse to fine, without content.
[[nodiscard]] stylize_options texture_preset();

/// The painting's manner and nothing else, in any size: a picture from noise whose statistics of
/// features, at options.style_layers, are the painting's.
///
/// The painting is looked at as it is, however large the picture becomes; options.style_scale makes
/// its strokes larger or smaller than that. options.size and the options of content are not looked
/// at. Throws as stylize does. Source: Gatys et al. 2015, "Texture Synthesis Using Convolutional
/// Neural Networks".
template <class Device>
[[nodiscard]] image::picture texture(context<Device>& ctx, const nn::network& network,
                                     image::picture_view painting, image::extent size,
                                     const stylize_options& options = texture_preset(),
                                     const observer& observe = {});

/// One step of a progression.
struct texture_step {
    std::string up_to;  ///< the last style layer that was used
    image::picture picture;
};

/// How style builds up: from the first style layer alone, from the first two, and so on. Where the
/// observer stops a run, that picture is the last.
template <class Device>
[[nodiscard]] std::vector<texture_step> texture_progression(
    context<Device>& ctx, const nn::network& network, image::picture_view painting,
    image::extent size, const stylize_options& options = texture_preset(),
    const observer& observe = {});

}  // namespace impasto::insight
