#pragma once

#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/image/resize.hpp>

namespace impasto {

/// What is to be painted: a photo in the manner of paintings, or one of the two alone. The pictures
/// must outlive what is made of the brief.
struct brief {
    /// [1,3,H,W]; empty: none. Then there can be no content layers, and `size` is the result's.
    image::picture_view photo{};
    /// [1,3,H,W] each; none where there are no style layers.
    std::vector<image::picture_view> paintings{};
    image::extent size{0, 0};  ///< of the result, where there is no photo
};

}  // namespace impasto
