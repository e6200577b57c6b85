#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <impasto/image/resize.hpp>
#include <impasto/painter/options.hpp>

namespace impasto::painter_detail {

/// Size and iterations of one scale.
struct scale_step {
    image::extent size;
    int iterations;
};

/// The scales from coarse to fine; each is options.scale_growth times as large as the one before.
[[nodiscard]] std::vector<scale_step> schedule(const shape& content,
                                               const stylize_options& options);

/// Size to which a painting is resized for a picture of this size.
[[nodiscard]] image::extent style_size(const shape& style, image::extent picture,
                                       double style_scale);

/// One weight for each painting. Throws option_error if their number or a value is invalid.
[[nodiscard]] std::vector<double> blend(const std::vector<double>& shares, std::size_t paintings);

/// Throws option_error, which names the option and its value, if a number is out of range.
void check(const stylize_options& options);

/// Throws shape_error unless it is a picture [1,3,H,W].
void check_picture(const char* what, const shape& picture);

}  // namespace impasto::painter_detail
