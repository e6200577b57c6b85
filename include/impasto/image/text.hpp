#pragma once

#include <array>
#include <string_view>

#include <impasto/image/picture.hpp>

namespace impasto::image {

struct text_style {
    float height = 14;    ///< height of a capital letter, in pixels
    float weight = 0.1f;  ///< width of a stroke, relative to the height
    std::array<float, 3> color{0, 0, 0};
};

/// Width of a text in pixels, from the left end of the first letter to the right end of the last.
[[nodiscard]] float text_width(std::string_view text, const text_style& style = {});

/// Draws one line of text on a picture, antialiased, in a built-in stroke font. (x, y) is the upper
/// left corner of its first capital; parts beyond the edge are cut off. ASCII; other bytes become
/// boxes. canvas: [1,3,H,W]; throws shape_error otherwise.
void draw_text(tensor_view<float, cpu> canvas, float x, float y, std::string_view text,
               const text_style& style = {});

}  // namespace impasto::image
