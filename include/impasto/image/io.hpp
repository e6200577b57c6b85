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
    /// Largest height × width; checked before anything is decoded. The picture then takes twelve
    /// bytes a pixel, its decoder up to eight more.
    std::int64_t max_pixels = std::int64_t{1} << 28;
};

/// Reads a JPEG, PNG or BMP; the content decides which, not the name.
///
/// Samples of 16 bits keep their precision, grey becomes RGB, transparency is laid over white (in
/// sRGB values, as browsers do), and the EXIF orientation is applied. Values are taken as sRGB:
/// colour profiles are ignored. A file that stops before its end is refused. Throws io_error, or
/// format_error that names the file.
[[nodiscard]] picture load(const std::filesystem::path& file, const load_options& options = {});

/// As load, from memory; errors call the picture `name`.
[[nodiscard]] picture decode(std::span<const std::byte> bytes,
                             const std::string& name = "the picture",
                             const load_options& options = {});

/// A text that a PNG stores beside its pixels.
struct text_entry {
    std::string keyword;  ///< 1 to 79 printable ASCII characters: "Comment", "Software"
    std::string text;     ///< UTF-8 without NUL

    friend bool operator==(const text_entry&, const text_entry&) = default;
};

struct save_options {
    std::vector<text_entry> text;  ///< in a PNG; a JPEG has none
    int jpeg_quality = 95;         ///< 1 to 100; colour is subsampled at 90 and below
};

/// Writes 8 bits a sample, as PNG or JPEG by the file's extension (.png, .jpg, .jpeg). Values
/// outside [0,1] are clamped; NaN becomes 0. An existing file is replaced in one step or left as it
/// was. Throws option_error, io_error, or shape_error unless the view is [1,3,H,W].
void save(const std::filesystem::path& file, picture_view pixels, const save_options& options = {});

/// Throws what save would throw for the name alone: an extension that it does not write, a folder
/// that is missing or not writable, a directory in the file's place. Creates nothing.
void check_writable(const std::filesystem::path& file);

[[nodiscard]] std::vector<std::byte> encode_png(picture_view pixels,
                                                std::span<const text_entry> text = {});
[[nodiscard]] std::vector<std::byte> encode_jpeg(picture_view pixels, int quality = 95);

/// The texts of a PNG in the order of the file, in UTF-8. Compressed ones are skipped; more than
/// one mebibyte of text is a format_error. Throws io_error and format_error.
[[nodiscard]] std::vector<text_entry> read_text(const std::filesystem::path& file);

}  // namespace impasto::image
