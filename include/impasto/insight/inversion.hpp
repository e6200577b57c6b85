#pragma once

#include <span>
#include <string>
#include <vector>

#include <impasto/painter/stylize.hpp>

namespace impasto::insight {

/// A picture found again from what one layer says of it.
struct inversion {
    std::string layer;
    image::picture picture;
    double psnr = 0;   ///< against the original at the same size, in decibels
    double error = 0;  ///< Σ(F−P)²/ΣP² at the layer: what the descent left
};

/// From noise, 256 pixels, one size: no smaller one whose pixels the layer never saw. The weight of
/// total variation stands against a content loss of 1 for a picture that excites nothing.
[[nodiscard]] stylize_options inversion_preset();

/// What each layer keeps of a picture: one is sought, from noise, whose feature maps there are the
/// original's. Low layers give the pixels back; high ones keep what is where and forget its pixels.
///
/// Of the options those of content and style are not looked at. Throws option_error for a layer
/// that the network lacks, before anything is computed, and otherwise as stylize does. Where the
/// observer stops a run, that picture is the last.
/// Source: Mahendran & Vedaldi 2015, "Understanding Deep Image Representations by Inverting Them",
/// eqs. 2 and 3; Gatys et al. 2016, figure 1.
template <class Device>
[[nodiscard]] std::vector<inversion> invert(context<Device>& ctx, const nn::network& network,
                                            image::picture_view original,
                                            std::span<const std::string> layers,
                                            const stylize_options& options = inversion_preset(),
                                            const observer& observe = {});

}  // namespace impasto::insight
