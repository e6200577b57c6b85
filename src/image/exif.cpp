#include <memory>
#include <vector>

#include <libexif/exif-data.h>

#include "image/container.hpp"

namespace impasto::image::detail {

int exif_orientation(byte_span tiff) {
    // The most that a JPEG's segment holds; a PNG's chunk could be of any length.
    constexpr std::size_t longest = 1 << 16;
    if (tiff.size() > longest)
        return 1;
    std::vector<unsigned char> block{'E', 'x', 'i', 'f', 0, 0};
    for (const std::byte b : tiff)
        block.push_back(std::to_integer<unsigned char>(b));

    const std::unique_ptr<ExifData, decltype(&exif_data_unref)> data(exif_data_new(),
                                                                     exif_data_unref);
    if (!data)
        return 1;
    exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_load_data(data.get(), block.data(), static_cast<unsigned>(block.size()));
    const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2)
        return 1;
    const int value = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
    return value >= 1 && value <= 8 ? value : 1;
}

}  // namespace impasto::image::detail
