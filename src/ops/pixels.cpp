#include <impasto/ops/pixels.hpp>

#include <algorithm>

#include "ops/checks.hpp"

namespace impasto::ops::detail {

namespace {

std::int64_t expect_margin(const char* operation, const form& pixels, const form& input) {
    const auto [n, c, h, w] = pixels.extents;
    const auto margin = std::max<std::int64_t>(0, (input.extents.h - h) / 2);
    expect_shape(operation, "pixels", {1, 3, h, w}, pixels.extents);
    expect_layout(operation, "pixels", layout::nchw, pixels.order);
    expect_shape(operation, "input", {1, 3, h + 2 * margin, w + 2 * margin}, input.extents);
    expect_known_order(operation, "input", input);
    return margin;
}

}  // namespace

std::int64_t expect_normalize_pixels(const form& pixels, const form& input) {
    const auto margin = expect_margin("normalize_pixels", pixels, input);
    if (!input.on_gpu)
        expect_layout("normalize_pixels", "input", layout::nchw, input.order);
    return margin;
}

std::int64_t expect_normalize_pixels_backward(const form& d_input, const form& d_pixels) {
    return expect_margin("normalize_pixels_backward", d_pixels, d_input);
}

void expect_reorder(const form& from, const form& to) {
    expect_shape("reorder", "to", from.extents, to.extents);
    expect_known_order("reorder", "from", from);
    expect_known_order("reorder", "to", to);
}

}  // namespace impasto::ops::detail
