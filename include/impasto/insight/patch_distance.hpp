#pragma once

#include <array>
#include <cstdint>

#include <impasto/core/context.hpp>
#include <impasto/image/picture.hpp>

namespace impasto::insight {

struct patch_distance_options {
    std::int64_t patch = 7;        ///< side of a patch, in pixels
    std::int64_t directions = 64;  ///< random projections of the patches
    std::uint64_t seed = 0;        ///< of the directions
};

/// How much the small patches of two pictures differ as sets, wherever they are: the sliced
/// Wasserstein distance of all k×k×3 patches x of one and y of the other,
///
///     √( 1/D · Σ_θ W₂²(θ·x, θ·y) ),  θ: D unit vectors of 3k² elements.
///
/// In one dimension W₂² = ∫ (X⁻¹(u) − Y⁻¹(u))² du over the quantile functions of sorted values,
/// which also compares different numbers of patches. In units of pixel values, 0 to 1: where every
/// patch must change by d in the root mean square, the distance is about d. No network is used.
///
/// Pictures: [1,3,H,W], of any sizes, none of which is changed. The same for every number of
/// threads. Throws option_error for options below 1, shape_error for a picture smaller than a
/// patch. Source: Rabin et al. 2012, "Wasserstein Barycenter and Its Application to Texture
/// Mixing"; as a distance of textures: Heitz et al. 2021, "A Sliced Wasserstein Loss for Neural
/// Texture Synthesis".
[[nodiscard]] double patch_distance(context<cpu>& ctx, image::picture_view a, image::picture_view b,
                                    const patch_distance_options& options = {});

/// The distances at the picture's size, at a half and at a quarter of it: patches of 7, 14 and 28
/// pixels of the picture. The painting is first brought to the picture's longest side.
[[nodiscard]] std::array<double, 3> patch_distances(context<cpu>& ctx, image::picture_view picture,
                                                    image::picture_view painting,
                                                    const patch_distance_options& options = {});

}  // namespace impasto::insight
