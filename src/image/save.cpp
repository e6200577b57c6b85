#include <algorithm>
#include <cctype>
#include <cmath>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>
#include <impasto/image/io.hpp>

#include "image/expect.hpp"
#include "image/png_text.hpp"
#include "image/stb.hpp"

namespace impasto::image {

namespace {

enum class file_kind { png, jpeg };

file_kind kind_by_extension(const std::filesystem::path& file) {
    std::string extension = file.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (extension == ".png")
        return file_kind::png;
    if (extension == ".jpg" || extension == ".jpeg")
        return file_kind::jpeg;
    throw option_error(file.string() + ": cannot write " +
                       (extension.empty() ? "a file without an extension" : extension) +
                       "; use .png, .jpg or .jpeg");
}

/// The comparison is written so that NaN becomes 0.
std::uint8_t to_8_bits(float value) {
    return value > 0 ? static_cast<std::uint8_t>(std::lround(std::min(value, 1.0f) * 255)) : 0;
}

std::vector<std::uint8_t> interleaved(picture_view pixels) {
    const std::int64_t plane = pixels.shape().pixels();
    std::vector<std::uint8_t> rgb(static_cast<std::size_t>(3 * plane));
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < plane; ++i)
        for (int c = 0; c < 3; ++c)
            rgb[static_cast<std::size_t>(3 * i + c)] = to_8_bits(pixels.data()[c * plane + i]);
    return rgb;
}

/// Throws shape_error where the view is no picture or a file of `format` cannot hold it.
void expect_encodable(picture_view pixels, const char* format, std::int64_t max_side,
                      std::int64_t max_pixels) {
    detail::expect_picture("save", pixels);
    const shape& s = pixels.shape();
    if (s.h > max_side || s.w > max_side || s.pixels() > max_pixels)
        throw shape_error("save: " + std::to_string(s.w) + "x" + std::to_string(s.h) +
                          " pixels; a " + format + " holds at most " + std::to_string(max_pixels) +
                          " and sides of " + std::to_string(max_side));
}

}  // namespace

std::vector<std::byte> encode_jpeg(picture_view pixels, int quality) {
    if (quality < 1 || quality > 100)
        throw option_error("jpeg_quality: " + std::to_string(quality) + " is not within 1 to 100");
    constexpr std::int64_t max_side = 65535;
    expect_encodable(pixels, "JPEG", max_side, max_side * max_side / 8);
    return detail::jpeg_with_stb(interleaved(pixels).data(), static_cast<int>(pixels.shape().h),
                                 static_cast<int>(pixels.shape().w), quality);
}

std::vector<std::byte> encode_png(picture_view pixels, std::span<const text_entry> text) {
    // stb counts the bytes of all rows, three a pixel and a filter's number, in an int.
    expect_encodable(pixels, "PNG", detail::max_side, std::int64_t{1} << 29);
    std::vector<std::byte> file =
        detail::png_with_stb(interleaved(pixels).data(), static_cast<int>(pixels.shape().h),
                             static_cast<int>(pixels.shape().w));
    detail::insert_png_text(file, text);
    return file;
}

void save(const std::filesystem::path& file, picture_view pixels, const save_options& options) {
    const bool png = kind_by_extension(file) == file_kind::png;
    write_atomically(
        file, png ? encode_png(pixels, options.text) : encode_jpeg(pixels, options.jpeg_quality));
}

void check_writable(const std::filesystem::path& file) {
    (void)kind_by_extension(file);
    expect_writable(file);
}

}  // namespace impasto::image
