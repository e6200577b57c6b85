#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "image/bytes.hpp"
#include "image/container.hpp"

namespace impasto::image::detail {

/// The longest side that the decoders accept.
inline constexpr int max_side = 1 << 20;

struct release_with_free {
    void operator()(void* p) const { std::free(p); }
};

/// Decoded samples, interleaved, rows from top to bottom.
template <class Sample>
struct raster {
    std::int64_t width = 0;
    std::int64_t height = 0;
    int channels = 0;  ///< 1: grey, 2: grey and alpha, 3: RGB, 4: RGB and alpha
    std::unique_ptr<Sample, release_with_free> samples;
};

/// Samples as std::uint8_t or std::uint16_t. Throws format_error; also where decoding would take
/// more memory than a picture of the described size needs.
template <class Sample>
[[nodiscard]] raster<Sample> decode_with_stb(byte_span bytes, const description& expected,
                                             const std::string& name);

/// rgb: H·W·3 samples, interleaved. Throws out_of_memory.
[[nodiscard]] std::vector<std::byte> png_with_stb(const std::uint8_t* rgb, int height, int width);
[[nodiscard]] std::vector<std::byte> jpeg_with_stb(const std::uint8_t* rgb, int height, int width,
                                                   int quality);

}  // namespace impasto::image::detail
