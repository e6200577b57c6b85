#pragma once

#include <string>
#include <vector>

#include <impasto/image/resize.hpp>
#include <impasto/painter/stylize.hpp>

namespace impasto::insight {

/// Options for texture: from noise, coarse to fine, without content layers.
[[nodiscard]] stylize_options texture_preset();

/// A texture in the style of a painting, in any size: starting from noise, optimises the pixels
/// until their feature statistics at options.style_layers match those of the painting.
///
/// The painting is used at its own size, independently of the size of the texture;
/// options.style_scale scales it. options.size and the content options are ignored. Throws as
/// stylize does. Source: Gatys et al. 2015, "Texture Synthesis Using Convolutional
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

/// One texture with the first style layer, one with the first two, and so on. If the observer stops
/// a run, its picture is the last one.
template <class Device>
[[nodiscard]] std::vector<texture_step> texture_progression(
    context<Device>& ctx, const nn::network& network, image::picture_view painting,
    image::extent size, const stylize_options& options = texture_preset(),
    const observer& observe = {});

}  // namespace impasto::insight
