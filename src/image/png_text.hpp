#pragma once

#include <span>
#include <vector>

#include <impasto/image/io.hpp>

namespace impasto::image::detail {

/// Inserts the texts after the header: tEXt where they are ASCII, iTXt where they are not. Throws
/// option_error on a keyword or text that a PNG cannot hold.
void insert_png_text(std::vector<std::byte>& png, std::span<const text_entry> text);

}  // namespace impasto::image::detail
