#pragma once

#include <algorithm>
#include <string>

#include <impasto/image/picture.hpp>

namespace impasto::image::detail {

/// Throws shape_error unless the view is [1,3,H,W] in nchw with H and W of 1 or more.
inline void expect_picture(const char* operation, picture_view p) {
    const std::int64_t one = 1;
    const shape picture{1, 3, std::max(p.shape().h, one), std::max(p.shape().w, one)};
    expect_shape(operation, "picture", picture, p.shape());
    if (p.layout() != layout::nchw)
        throw shape_error(std::string(operation) + ": picture: expected nchw, found " +
                          to_string(p.layout()));
}

}  // namespace impasto::image::detail
