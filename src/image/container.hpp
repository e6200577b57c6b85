#pragma once

#include <cstdint>
#include <string>

#include "image/bytes.hpp"

namespace impasto::image::detail {

/// What a file says about its picture before any pixel is decoded.
struct description {
    std::int64_t width = 0;
    std::int64_t height = 0;
    int bits = 8;         ///< per sample
    int orientation = 1;  ///< EXIF's, 1 to 8
};

/// Recognises the format and checks that the file is whole: stb_image decodes a file that is cut
/// off without an error. Throws format_error.
[[nodiscard]] description describe(byte_span bytes, const std::string& name);

[[nodiscard]] description describe_jpeg(byte_span bytes, const std::string& name);
[[nodiscard]] description describe_png(byte_span bytes, const std::string& name);
[[nodiscard]] description describe_bmp(byte_span bytes, const std::string& name);

/// EXIF's orientation in a TIFF block (without the "Exif" that a JPEG puts before it); 1 where
/// there is none or it makes no sense.
[[nodiscard]] int exif_orientation(byte_span tiff);

}  // namespace impasto::image::detail
