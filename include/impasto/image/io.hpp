#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <impasto/image/picture.hpp>

namespace impasto::image {

struct load_options {
    /// Largest height × width; checked before decoding. A picture needs twelve bytes per pixel, and
    /// its decoder up to eight more.
    std::int64_t max_pixels = std::int64_t{1} << 28;
};

/// Reads a JPEG, PNG or BMP, recognised by its content.
///
/// Samples of 16 bits keep their precision, grey becomes RGB, transparency is blended over white
/// (in sRGB values, as browsers do), and the EXIF orientation is applied. Values are interpreted as
/// sRGB; colour profiles are ignored. Truncated files are errors. Throws io_error, and
/// format_error, which names the file.
[[nodiscard]] picture load(const std::filesystem::path& file, const load_options& options = {});

/// As load, from memory; `name` is the name of the picture in messages.
[[nodiscard]] picture decode(std::span<const std::byte> bytes,
                             const std::string& name = "the picture",
                             const load_options& options = {});

/// A text stored in a PNG.
struct text_entry {
    std::string keyword;  ///< 1 to 79 printable ASCII characters: "Comment", "Software"
    std::string text;     ///< UTF-8 without NUL

    friend bool operator==(const text_entry&, const text_entry&) = default;
};

struct save_options {
    std::vector<text_entry> text;  ///< PNG only
    int jpeg_quality = 95;         ///< 1 to 100; chroma is subsampled at 90 and below
};

/// Writes 8 bits per sample, as PNG or JPEG depending on the extension (.png, .jpg, .jpeg). Values
/// outside [0,1] are clamped; NaN becomes 0. An existing file is replaced completely or not at all.
/// Throws option_error, io_error, and shape_error unless the view is [1,3,H,W].
void save(const std::filesystem::path& file, picture_view pixels, const save_options& options = {});

/// Throws what save would throw because of the name: an unknown extension, a folder that is missing
/// or not writable, a directory with this name. Creates no files.
void check_writable(const std::filesystem::path& file);

[[nodiscard]] std::vector<std::byte> encode_png(picture_view pixels,
                                                std::span<const text_entry> text = {});
[[nodiscard]] std::vector<std::byte> encode_jpeg(picture_view pixels, int quality = 95);

/// The texts of a PNG in the order of the file, in UTF-8, without compressed ones. Throws io_error,
/// and format_error for other files and for more than one mebibyte of text.
[[nodiscard]] std::vector<text_entry> read_text(const std::filesystem::path& file);

}  // namespace impasto::image
