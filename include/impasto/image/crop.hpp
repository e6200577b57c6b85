#pragma once

#include <cstdint>

#include <impasto/image/picture.hpp>

namespace impasto::image {

/// A rectangle of pixels; x and y are its left column and its top row.
struct box {
    std::int64_t x = 0, y = 0;
    std::int64_t width = 0, height = 0;

    friend constexpr bool operator==(const box&, const box&) = default;
};

/// The part of a box inside a picture of height × width; width or height is 0 if there is none.
[[nodiscard]] box clip(const box& wanted, std::int64_t height, std::int64_t width);

/// The pixels of a box. pixels: [1,3,H,W]. Throws shape_error unless the box is inside the picture
/// and not empty.
[[nodiscard]] picture crop(picture_view pixels, const box& wanted);

/// The picture with `margin` more pixels on every side, mirrored at the edge (the outermost row is
/// repeated once); repeatedly if the margin is wider than the picture. pixels: [1,C,H,W].
[[nodiscard]] picture mirrored(picture_view pixels, std::int64_t margin);

/// Removes the outer `margin` pixels. Throws shape_error if nothing would be left.
[[nodiscard]] picture without_margin(picture_view pixels, std::int64_t margin);

/// Copies `part` into `whole`, with its left column at x and its top row at y. Both: [1,3,H,W].
/// Throws shape_error unless `part` is completely inside.
void paste(picture_view part, std::int64_t x, std::int64_t y, tensor_view<float, cpu> whole);

}  // namespace impasto::image
