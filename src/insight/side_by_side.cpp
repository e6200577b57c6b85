#include <impasto/insight/side_by_side.hpp>

#include <algorithm>

#include <impasto/image/crop.hpp>
#include <impasto/image/text.hpp>

namespace impasto::insight {

namespace {

constexpr std::int64_t margin = 12;
constexpr float letters = 11, line_height = 20;

/// Letters with which the widest line of a caption fits under its picture.
image::text_style fitting(const captioned& one) {
    image::text_style style{.height = letters, .color = {0.15f, 0.13f, 0.11f}};
    float widest = 1;
    for (const auto& line : one.lines)
        widest = std::max(widest, image::text_width(line, style));
    style.height *= std::min(1.0f, static_cast<float>(one.picture.shape().w) / widest);
    return style;
}

}  // namespace

image::picture side_by_side(std::span<const captioned> pictures) {
    shape size{1, 3, 0, margin};
    std::size_t lines = 0;
    for (const auto& one : pictures) {
        const auto& s = one.picture.shape();
        expect_shape("side_by_side", "picture", {1, 3, s.h, s.w}, s);
        size.h = std::max(size.h, s.h);
        size.w += s.w + margin;
        lines = std::max(lines, one.lines.size());
    }
    if (size.h == 0)
        throw shape_error("side_by_side: there is no picture; give one at least");
    const auto tallest = size.h;
    size.h += 2 * margin + static_cast<std::int64_t>(line_height * static_cast<float>(lines));

    image::picture canvas(size);
    std::ranges::fill(canvas, 1.0f);
    std::int64_t x = margin;
    for (const auto& one : pictures) {
        const auto& s = one.picture.shape();
        image::paste(one.picture, x, margin + tallest - s.h, canvas);
        auto y = static_cast<float>(margin + tallest) + line_height - letters;
        for (const auto& line : one.lines) {
            image::draw_text(canvas, static_cast<float>(x), y, line, fitting(one));
            y += line_height;
        }
        x += s.w + margin;
    }
    return canvas;
}

}  // namespace impasto::insight
