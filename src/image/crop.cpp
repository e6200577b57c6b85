#include <impasto/image/crop.hpp>

#include <algorithm>
#include <string>

#include "image/expect.hpp"

namespace impasto::image {

box clip(const box& wanted, std::int64_t height, std::int64_t width) {
    const auto left = std::clamp<std::int64_t>(wanted.x, 0, width);
    const auto top = std::clamp<std::int64_t>(wanted.y, 0, height);
    const auto right = std::clamp(wanted.x + wanted.width, left, width);
    const auto bottom = std::clamp(wanted.y + wanted.height, top, height);
    return {left, top, right - left, bottom - top};
}

picture crop(picture_view pixels, const box& wanted) {
    detail::expect_picture("crop", pixels);
    const auto [n, c, h, w] = pixels.shape();
    if (!(clip(wanted, h, w) == wanted) || wanted.width == 0 || wanted.height == 0)
        throw shape_error(
            "crop: " + std::to_string(wanted.width) + "x" + std::to_string(wanted.height) +
            " pixels at x=" + std::to_string(wanted.x) + ", y=" + std::to_string(wanted.y) +
            " are not in a picture of " + std::to_string(w) + "x" + std::to_string(h));
    picture part({1, c, wanted.height, wanted.width});
    float* to = part.data();
    for (std::int64_t k = 0; k < c; ++k)
        for (auto y = wanted.y; y < wanted.y + wanted.height; ++y)
            to = std::copy_n(pixels.data() + (k * h + y) * w + wanted.x, wanted.width, to);
    return part;
}

}  // namespace impasto::image
