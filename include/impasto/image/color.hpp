#pragma once

#include <array>
#include <cmath>

#include <impasto/image/picture.hpp>

namespace impasto::image {

/// The sRGB transfer curve, IEC 61966-2-1, from sRGB values to linear light.
[[nodiscard]] inline float srgb_to_linear(float v) {
    return v <= 0.04045f ? v / 12.92f : std::pow((v + 0.055f) / 1.055f, 2.4f);
}
/// The inverse.
[[nodiscard]] inline float linear_to_srgb(float v) {
    return v <= 0.0031308f ? v * 12.92f : 1.055f * std::pow(v, 1 / 2.4f) - 0.055f;
}

/// Weights of red, green and blue (sRGB values) in luminance, the Y of YIQ. Their sum is 1.
inline constexpr std::array<float, 3> luminance_weights{0.299f, 0.587f, 0.114f};

/// The luminance of each pixel: [1,1,H,W] from [1,3,H,W].
[[nodiscard]] tensor<float, cpu> luminance(picture_view pixels);

/// Combines the luminance of the stylised picture with the colours (I and Q of YIQ) of the photo.
/// Colours outside of [0,1] at their new luminance are desaturated; luminance and hue are kept.
/// Both [1,3,H,W]; throws shape_error if they differ.
/// Source: Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer", section 4.
[[nodiscard]] picture with_colors_of(picture_view stylised, picture_view photo);

/// The painting with the mean and the standard deviation of the photo's luminance; the style
/// picture for results with the colours of the photo. Both [1,3,H,W], of any size. Source: ibidem,
/// eq. for L'_S.
[[nodiscard]] picture match_luminance(picture_view painting, picture_view photo);

/// Peak signal-to-noise ratio in decibels for values in [0,1]; infinity if a = b. Any shape; throws
/// shape_error if the shapes differ.
[[nodiscard]] double psnr(tensor_view<const float, cpu> a, tensor_view<const float, cpu> b);

}  // namespace impasto::image
