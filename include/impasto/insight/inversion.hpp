#pragma once

#include <span>
#include <string>
#include <vector>

#include <impasto/painter/stylize.hpp>

namespace impasto::insight {

/// A picture reconstructed from the feature map of one layer.
struct inversion {
    std::string layer;
    image::picture picture;
    double psnr = 0;   ///< against the original at the same size, in decibels
    double error = 0;  ///< Σ(F−P)²/ΣP² at the layer after the optimisation
};

/// Options for invert: from noise, 256 pixels, one scale, because smaller scales would add
/// information that the layer does not have. The total-variation weight is relative to the content
/// loss, which is 1 for a picture without activations.
[[nodiscard]] stylize_options inversion_preset();

/// Reconstructs a picture from each layer: starting from noise, optimises the pixels until the
/// feature map of the layer matches that of the original.
///
/// The content and style options are ignored. Throws option_error for an unknown layer, before
/// anything is computed, and otherwise as stylize does. If the observer stops a run, its picture is
/// the last one.
/// Source: Mahendran & Vedaldi 2015, "Understanding Deep Image Representations by Inverting Them",
/// eqs. 2 and 3; Gatys et al. 2016, figure 1.
template <class Device>
[[nodiscard]] std::vector<inversion> invert(context<Device>& ctx, const nn::network& network,
                                            image::picture_view original,
                                            std::span<const std::string> layers,
                                            const stylize_options& options = inversion_preset(),
                                            const observer& observe = {});

}  // namespace impasto::insight
