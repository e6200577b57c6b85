#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <impasto/image/resize.hpp>
#include <impasto/painter/options.hpp>

namespace impasto::painter_detail {

/// Sizes and iterations of one scale.
struct scale_step {
    image::extent size;
    int iterations;
};

/// Coarse to fine. Each scale is options.scale_growth times as large as the one before.
[[nodiscard]] std::vector<scale_step> schedule(const shape& content,
                                               const stylize_options& options);

/// Size at which a painting is looked at beside a picture of this size.
[[nodiscard]] image::extent style_size(const shape& style, image::extent picture,
                                       double style_scale);

/// One share for each painting. Throws option_error where their number, or a value, makes no sense.
[[nodiscard]] std::vector<double> blend(const std::vector<double>& shares, std::size_t paintings);

/// Throws option_error, naming the option and its value, unless every number makes sense.
void check(const stylize_options& options);

/// Throws shape_error unless it is a picture [1,3,H,W].
void check_picture(const char* what, const shape& picture);

}  // namespace impasto::painter_detail
