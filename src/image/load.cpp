#include <limits>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>
#include <impasto/image/io.hpp>

#include "image/container.hpp"
#include "image/stb.hpp"

namespace impasto::image {

namespace {

using detail::raster;

/// More than any picture within reach of max_pixels needs, and little enough for stb's int.
constexpr std::size_t max_file_bytes = std::size_t{1} << 30;

/// Where the upright picture finds its pixels in the stored one, in pixels from its first.
struct orientation {
    std::int64_t height, width;  ///< upright
    std::int64_t first, down, right;
};

/// EXIF 2.32, tag 0x0112: the value says where the stored first row and first column belong.
orientation upright(int exif, std::int64_t h, std::int64_t w) {
    switch (exif) {
        case 2:
            return {h, w, w - 1, w, -1};
        case 3:
            return {h, w, h * w - 1, -w, -1};
        case 4:
            return {h, w, (h - 1) * w, -w, 1};
        case 5:
            return {w, h, 0, 1, w};
        case 6:
            return {w, h, (h - 1) * w, 1, -w};
        case 7:
            return {w, h, h * w - 1, -1, -w};
        case 8:
            return {w, h, w - 1, -1, w};
        default:
            return {h, w, 0, w, 1};
    }
}

template <class Sample>
picture to_picture(const raster<Sample>& stored, int exif) {
    constexpr float full = std::numeric_limits<Sample>::max();
    const int channels = stored.channels;
    const bool grey = channels < 3, transparent = channels % 2 == 0;
    const orientation from = upright(exif, stored.height, stored.width);
    picture result({1, 3, from.height, from.width});
#pragma omp parallel for schedule(static)
    for (std::int64_t y = 0; y < from.height; ++y) {
        for (std::int64_t x = 0; x < from.width; ++x) {
            const Sample* pixel =
                stored.samples.get() + channels * (from.first + y * from.down + x * from.right);
            const float alpha = transparent ? static_cast<float>(pixel[channels - 1]) / full : 1.0f;
            for (int c = 0; c < 3; ++c) {
                const float value = static_cast<float>(pixel[grey ? 0 : c]) / full;
                result.data()[(c * from.height + y) * from.width + x] = value * alpha + (1 - alpha);
            }
        }
    }
    return result;
}

void expect_within(const detail::description& d, const load_options& options,
                   const std::string& name) {
    if (d.width <= detail::max_side && d.height <= detail::max_side &&
        checked_multiply(d.width, d.height) <= options.max_pixels)
        return;
    throw format_error(name + ": " + std::to_string(d.width) + "x" + std::to_string(d.height) +
                       " pixels; the limit is " + std::to_string(options.max_pixels) +
                       " pixels and sides of " + std::to_string(detail::max_side));
}

}  // namespace

picture decode(std::span<const std::byte> bytes, const std::string& name,
               const load_options& options) {
    const detail::description found = detail::describe(bytes, name);
    expect_within(found, options, name);
    if (found.bits == 16)
        return to_picture(detail::decode_with_stb<std::uint16_t>(bytes, found, name),
                          found.orientation);
    return to_picture(detail::decode_with_stb<std::uint8_t>(bytes, found, name), found.orientation);
}

picture load(const std::filesystem::path& file, const load_options& options) {
    return decode(read_file(file, max_file_bytes), file.string(), options);
}

}  // namespace impasto::image
