#pragma once

#include <array>
#include <string_view>

#include <impasto/image/picture.hpp>

namespace impasto::image {

struct text_style {
    float height = 14;    ///< of a capital letter, in pixels
    float weight = 0.1f;  ///< width of a stroke, in heights
    std::array<float, 3> color{0, 0, 0};
};

/// Pixels from the left end of the first letter to the right end of the last.
[[nodiscard]] float text_width(std::string_view text, const text_style& style = {});

/// Writes one line on a picture, antialiased, with letters of our own: strokes of one width, lines
/// and arcs. (x, y) is the upper left corner of its first capital; parts beyond the edge are
/// cut off. ASCII; any other byte becomes a box. canvas: [1,3,H,W]; throws shape_error otherwise.
void draw_text(tensor_view<float, cpu> canvas, float x, float y, std::string_view text,
               const text_style& style = {});

}  // namespace impasto::image
