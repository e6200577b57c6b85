#pragma once

#include <array>
#include <cstdint>

#include <impasto/core/context.hpp>
#include <impasto/image/picture.hpp>

namespace impasto::insight {

struct patch_distance_options {
    std::int64_t patch = 7;        ///< side of a patch, in pixels
    std::int64_t directions = 64;  ///< number of random projections
    std::uint64_t seed = 0;        ///< of the directions
};

/// The distance between the sets of small patches of two pictures, independent of their positions:
/// the sliced Wasserstein distance between all k×k×3 patches x of one and y of the other,
///
///     √( 1/D · Σ_θ W₂²(θ·x, θ·y) ),  θ: D unit vectors of 3k² elements.
///
/// In one dimension W₂² = ∫ (X⁻¹(u) − Y⁻¹(u))² du over the quantile functions of sorted values,
/// which also works for different numbers of patches. The unit is that of pixel values, 0 to 1: if
/// all patches differ by d in the root mean square, the distance is about d. No network is used.
///
/// Pictures: [1,3,H,W], of any sizes; they are not resized. The same result for every number of
/// threads. Throws option_error for options below 1, and shape_error for a picture smaller than a
/// patch. Source: Rabin et al. 2012, "Wasserstein Barycenter and Its Application to Texture
/// Mixing"; as a distance of textures: Heitz et al. 2021, "A Sliced Wasserstein Loss for Neural
/// Texture Synthesis".
[[nodiscard]] double patch_distance(context<cpu>& ctx, image::picture_view a, image::picture_view b,
                                    const patch_distance_options& options = {});

/// The distances at the size of the picture, a half and a quarter of it, that is, for patches of 7,
/// 14 and 28 pixels. The painting is first resized to the longest side of the picture.
[[nodiscard]] std::array<double, 3> patch_distances(context<cpu>& ctx, image::picture_view picture,
                                                    image::picture_view painting,
                                                    const patch_distance_options& options = {});

}  // namespace impasto::insight
