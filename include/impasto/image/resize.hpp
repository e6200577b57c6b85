#pragma once

#include <cstdint>

#include <impasto/image/picture.hpp>

namespace impasto::image {

/// Resizes a picture in linear light, so that fine black and white patterns keep their brightness.
///
/// Separable Catmull-Rom filter, widened for smaller sizes to avoid aliasing; beyond the edge the
/// outermost pixels are repeated. The result is clamped to [0,1]; the same size gives the same
/// picture. pixels: [1,3,H,W]. Throws shape_error for other shapes, or a height or width below 1.
/// Source: Catmull & Rom 1974; Keys 1981, eq. 8 with a = -1/2.
[[nodiscard]] picture resize(picture_view pixels, std::int64_t height, std::int64_t width);

/// The same filter without linear light and without clamping, for values that are not finished
/// pictures: pixels during the optimisation, moments of an optimiser.
/// planes: [N,C,H,W] in nchw; each of the N·C planes is resized separately.
[[nodiscard]] tensor<float, cpu> resize_planes(tensor_view<const float, cpu> planes,
                                               std::int64_t height, std::int64_t width);

struct extent {
    std::int64_t height;
    std::int64_t width;

    friend bool operator==(const extent&, const extent&) = default;
};

/// The size with a longer side of `longest_side` and the same aspect ratio: the shorter side is
/// rounded to nearest, halves up, and is at least 1. Smaller pictures keep their size unless
/// `enlarge`. Throws option_error for sides below 1.
[[nodiscard]] extent fit(std::int64_t height, std::int64_t width, std::int64_t longest_side,
                         bool enlarge = false);

}  // namespace impasto::image
