#pragma once

#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/image/resize.hpp>

namespace impasto {

/// What to paint: a photo in the style of paintings, or one of the two alone. The pictures must
/// outlive the brief and objects made from it.
struct brief {
    /// [1,3,H,W]; empty: none. Without a photo there must be no content layers, and `size` is set.
    image::picture_view photo{};
    /// [1,3,H,W] each; may be empty without style layers.
    std::vector<image::picture_view> paintings{};
    image::extent size{0, 0};  ///< of the result, if there is no photo
};

}  // namespace impasto
