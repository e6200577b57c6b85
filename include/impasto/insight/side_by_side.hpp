#pragma once

#include <span>
#include <string>
#include <vector>

#include <impasto/image/picture.hpp>

namespace impasto::insight {

/// A picture and the lines of its caption, in ASCII.
struct captioned {
    image::picture_view picture;
    std::vector<std::string> lines;
};

/// The pictures in one row on white, each with its caption. Pictures keep their sizes and are
/// aligned at the bottom; captions wider than their picture get smaller letters. Throws shape_error
/// unless there is at least one picture and each is [1,3,H,W].
[[nodiscard]] image::picture side_by_side(std::span<const captioned> pictures);

}  // namespace impasto::insight
