#include <impasto/image/crop.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "image/expect.hpp"

namespace impasto::image {

box clip(const box& wanted, std::int64_t height, std::int64_t width) {
    const auto left = std::clamp<std::int64_t>(wanted.x, 0, width);
    const auto top = std::clamp<std::int64_t>(wanted.y, 0, height);
    const auto right = std::clamp(wanted.x + wanted.width, left, width);
    const auto bottom = std::clamp(wanted.y + wanted.height, top, height);
    return {left, top, right - left, bottom - top};
}

namespace {

void expect_inside(const char* operation, const box& wanted, const shape& whole) {
    if (!(clip(wanted, whole.h, whole.w) == wanted) || wanted.width == 0 || wanted.height == 0)
        throw shape_error(std::string(operation) + ": " + std::to_string(wanted.width) + "x" +
                          std::to_string(wanted.height) +
                          " pixels at x=" + std::to_string(wanted.x) +
                          ", y=" + std::to_string(wanted.y) + " are not in a picture of " +
                          std::to_string(whole.w) + "x" + std::to_string(whole.h));
}

}  // namespace

picture crop(picture_view pixels, const box& wanted) {
    detail::expect_picture("crop", pixels);
    expect_inside("crop", wanted, pixels.shape());
    const auto [n, c, h, w] = pixels.shape();
    picture part({1, c, wanted.height, wanted.width});
    float* to = part.data();
    for (std::int64_t k = 0; k < c; ++k)
        for (auto y = wanted.y; y < wanted.y + wanted.height; ++y)
            to = std::copy_n(pixels.data() + (k * h + y) * w + wanted.x, wanted.width, to);
    return part;
}

namespace {

/// Where position i of an endlessly mirrored row of `size` pixels comes from.
std::int64_t reflected(std::int64_t i, std::int64_t size) {
    const auto period = 2 * size;
    const auto at = (i % period + period) % period;
    return at < size ? at : period - 1 - at;
}

}  // namespace

picture mirrored(picture_view pixels, std::int64_t margin) {
    const auto [n, c, h, w] = pixels.shape();
    const auto width = w + 2 * margin;
    std::vector<std::int64_t> column(static_cast<std::size_t>(width));
    for (std::int64_t x = 0; x < width; ++x)
        column[static_cast<std::size_t>(x)] = reflected(x - margin, w);
    picture whole({n, c, h + 2 * margin, width});
    float* to = whole.data();
    for (std::int64_t k = 0; k < n * c; ++k)
        for (auto y = -margin; y < h + margin; ++y) {
            const float* from = pixels.data() + (k * h + reflected(y, h)) * w;
            for (const auto x : column)
                *to++ = from[x];
        }
    return whole;
}

picture without_margin(picture_view pixels, std::int64_t margin) {
    const auto& s = pixels.shape();
    return crop(pixels, {margin, margin, s.w - 2 * margin, s.h - 2 * margin});
}

void paste(picture_view part, std::int64_t x, std::int64_t y, tensor_view<float, cpu> whole) {
    detail::expect_picture("paste", part);
    detail::expect_picture("paste", whole);
    const auto [n, c, h, w] = part.shape();
    const auto& to = whole.shape();
    expect_inside("paste", {x, y, w, h}, to);
    for (std::int64_t k = 0; k < c; ++k)
        for (std::int64_t row = 0; row < h; ++row)
            std::copy_n(part.data() + (k * h + row) * w, w,
                        whole.data() + (k * to.h + y + row) * to.w + x);
}

}  // namespace impasto::image
