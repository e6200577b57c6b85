#pragma once

#include <cstdint>

#include <impasto/image/picture.hpp>

namespace impasto::image {

/// The picture at another size, in linear light: a fine pattern of black and white shrinks to the
/// grey that the eye sees from afar, not to a darker one.
///
/// Separable Catmull-Rom filter, widened when shrinking so that nothing aliases; beyond the edge
/// the outermost pixels are repeated. The result is clamped to [0,1]; the same size gives the same
/// picture. pixels: [1,3,H,W]. Throws shape_error otherwise, or where height or width is below 1.
/// Source: Catmull & Rom 1974; Keys 1981, eq. 8 with a = -1/2.
[[nodiscard]] picture resize(picture_view pixels, std::int64_t height, std::int64_t width);

/// The same filter on any planes, value by value: no linear light, no clamping. For what is not a
/// finished picture: pixels that are still being optimised, an optimiser's moments.
/// planes: [N,C,H,W] in nchw; each of the N·C is resized by itself.
[[nodiscard]] tensor<float, cpu> resize_planes(tensor_view<const float, cpu> planes,
                                               std::int64_t height, std::int64_t width);

struct extent {
    std::int64_t height;
    std::int64_t width;

    friend bool operator==(const extent&, const extent&) = default;
};

/// The size at which the longer side is `longest_side` and the aspect ratio is kept: the shorter
/// side is rounded to nearest, halves up, and is at least 1. A picture that is smaller already
/// keeps its size unless `enlarge`. Throws option_error on sides below 1.
[[nodiscard]] extent fit(std::int64_t height, std::int64_t width, std::int64_t longest_side,
                         bool enlarge = false);

}  // namespace impasto::image
