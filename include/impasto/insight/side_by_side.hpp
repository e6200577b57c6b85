#pragma once

#include <span>
#include <string>
#include <vector>

#include <impasto/image/picture.hpp>

namespace impasto::insight {

/// A picture and what is written under it, a line each, in ASCII.
struct captioned {
    image::picture_view picture;
    std::vector<std::string> lines;
};

/// The pictures in one row on white, each with its caption. They keep their sizes and stand on one
/// line; letters become smaller where a caption is wider than its picture. Throws shape_error
/// unless each is a picture [1,3,H,W] and there is one at least.
[[nodiscard]] image::picture side_by_side(std::span<const captioned> pictures);

}  // namespace impasto::insight
