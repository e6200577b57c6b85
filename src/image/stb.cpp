// The one place where stb is compiled. Its names stay in this file, so that a program may link its
// own stb beside impasto.
#include "image/stb.hpp"

#include <limits>

#include <zlib.h>

#include <impasto/core/error.hpp>

namespace {

// Set while a picture is decoded: no single allocation may be larger. Without it, a PNG of a
// kilobyte and one pixel could inflate to gigabytes.
thread_local std::size_t allocation_limit = 0;
thread_local bool limit_reached = false;

bool within_limit(std::size_t bytes) {
    if (bytes <= allocation_limit)
        return true;
    limit_reached = true;
    return false;
}

/// Zeroed: a damaged JPEG may refer to Huffman tables that it never defined.
void* limited_malloc(std::size_t bytes) {
    return within_limit(bytes) ? std::calloc(bytes, 1) : nullptr;
}

void* limited_realloc(void* p, std::size_t bytes) {
    return within_limit(bytes) ? std::realloc(p, bytes) : nullptr;
}

/// zlib's deflate in place of stb's own, which is slower and packs less.
unsigned char* deflate_with_zlib(unsigned char* data, int length, int* out_length, int) {
    constexpr int level = 6;
    uLongf packed = ::compressBound(static_cast<uLong>(length));
    auto* out = static_cast<unsigned char*>(std::malloc(packed));
    if (out == nullptr || packed > std::numeric_limits<int>::max() ||
        ::compress2(out, &packed, data, static_cast<uLong>(length), level) != Z_OK) {
        std::free(out);
        return nullptr;
    }
    *out_length = static_cast<int>(packed);
    return out;
}

}  // namespace

// What is left out, and why: PSD, GIF, PIC, PNM and HDR have had more memory errors than users
// here, and TGA has no signature to be recognised by.
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS impasto::image::detail::max_side
#define STBI_MALLOC(bytes) limited_malloc(bytes)
#define STBI_REALLOC(pointer, bytes) limited_realloc(pointer, bytes)
#define STBI_FREE(pointer) std::free(pointer)
// Damaged files trip two of the decoders' assertions, to no harm; that must not end a program.
#define STBI_ASSERT(condition) void()
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#define STBIW_ZLIB_COMPRESS deflate_with_zlib
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace impasto::image::detail {

namespace {

/// Room for what the decoders hold at once: eight bytes a pixel (16 bits of RGBA, or a JPEG's
/// coefficients), rounded up to whole blocks, twice because buffers grow by doubling.
std::size_t allocation_limit_for(const description& d, std::size_t file_bytes) {
    constexpr std::int64_t block = 64, bytes_per_pixel = 8;
    return 2 * static_cast<std::size_t>(bytes_per_pixel * (d.width + block) * (d.height + block)) +
           2 * file_bytes;
}

stbi_uc* decode_samples(std::uint8_t, byte_span b, int* width, int* height, int* channels) {
    return stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(b.data()),
                                 static_cast<int>(b.size()), width, height, channels, 0);
}

stbi_us* decode_samples(std::uint16_t, byte_span b, int* width, int* height, int* channels) {
    return stbi_load_16_from_memory(reinterpret_cast<const stbi_uc*>(b.data()),
                                    static_cast<int>(b.size()), width, height, channels, 0);
}

void append_to_vector(void* vector, void* data, int size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    auto& out = *static_cast<std::vector<std::byte>*>(vector);
    out.insert(out.end(), bytes, bytes + size);
}

}  // namespace

template <class Sample>
raster<Sample> decode_with_stb(byte_span bytes, const description& expected,
                               const std::string& name) try {
    if (bytes.size() > std::numeric_limits<int>::max())
        throw format_error("the file has more than 2 GiB");
    allocation_limit = allocation_limit_for(expected, bytes.size());
    limit_reached = false;
    int width = 0, height = 0, channels = 0;
    raster<Sample> decoded;
    decoded.samples.reset(decode_samples(Sample{}, bytes, &width, &height, &channels));
    if (decoded.samples == nullptr) {
        const char* reason = stbi_failure_reason();
        throw format_error(limit_reached       ? "it holds more data than its size in pixels needs"
                           : reason != nullptr ? reason
                                               : "damaged");
    }
    decoded.width = width;
    decoded.height = height;
    decoded.channels = channels;
    if (width != expected.width || height != expected.height)
        throw format_error("its pixels do not have the size in its header");
    return decoded;
} catch (const format_error& reason) {
    throw format_error(name + ": cannot be decoded: " + reason.what());
}

template raster<std::uint8_t> decode_with_stb(byte_span, const description&, const std::string&);
template raster<std::uint16_t> decode_with_stb(byte_span, const description&, const std::string&);

std::vector<std::byte> png_with_stb(const std::uint8_t* rgb, int height, int width) {
    int length = 0;
    const std::unique_ptr<unsigned char, release_with_free> file(
        stbi_write_png_to_mem(rgb, 3 * width, width, height, 3, &length));
    if (file == nullptr)
        throw out_of_memory("cannot allocate a PNG of " + std::to_string(width) + "x" +
                            std::to_string(height) + " pixels");
    const auto* first = reinterpret_cast<const std::byte*>(file.get());
    return {first, first + length};
}

std::vector<std::byte> jpeg_with_stb(const std::uint8_t* rgb, int height, int width, int quality) {
    std::vector<std::byte> file;
    stbi_write_jpg_to_func(append_to_vector, &file, width, height, 3, rgb, quality);
    return file;
}

}  // namespace impasto::image::detail
