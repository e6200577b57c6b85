#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include <zlib.h>

#include <impasto/image/io.hpp>

// Files made by hand, as strings of bytes.
namespace impasto::test {

inline std::span<const std::byte> bytes_of(const std::string& s) {
    return std::as_bytes(std::span(s));
}
inline std::string string_of(std::span<const std::byte> b) {
    return {reinterpret_cast<const char*>(b.data()), b.size()};
}

inline std::string raw(std::initializer_list<int> values) {
    std::string s;
    for (const int v : values)
        s += static_cast<char>(v);
    return s;
}

inline std::string big_endian(std::uint32_t v, int bytes) {
    std::string s;
    for (int i = bytes - 1; i >= 0; --i)
        s += static_cast<char>(v >> 8 * i);
    return s;
}
inline std::string little_endian(std::uint32_t v, int bytes) {
    const std::string s = big_endian(v, bytes);
    return {s.rbegin(), s.rend()};
}

inline std::string deflated(const std::string& s) {
    uLongf length = ::compressBound(s.size());
    std::string out(length, '\0');
    ::compress(reinterpret_cast<Bytef*>(out.data()), &length,
               reinterpret_cast<const Bytef*>(s.data()), s.size());
    out.resize(length);
    return out;
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
    const std::string checked = type + data;
    const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(checked.data()),
                             static_cast<uInt>(checked.size()));
    return big_endian(static_cast<std::uint32_t>(data.size()), 4) + checked +
           big_endian(static_cast<std::uint32_t>(crc), 4);
}

struct png_header {
    std::uint32_t width, height;
    int bits, color_type;  ///< 0: grey, 2: RGB, 3: palette, 4: grey and alpha, 6: RGBA
};

/// rows: each row's filter number (0: none) and samples; before: chunks between header and pixels
inline std::string png(const png_header& h, const std::string& rows,
                       const std::string& before = {}) {
    const std::string header =
        big_endian(h.width, 4) + big_endian(h.height, 4) + raw({h.bits, h.color_type, 0, 0, 0});
    return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", header) + before +
           png_chunk("IDAT", deflated(rows)) + png_chunk("IEND", "");
}

/// A TIFF block, as EXIF uses it, whose only entry is the orientation.
inline std::string orientation_block(int orientation, bool intel) {
    const auto number = intel ? little_endian : big_endian;
    const auto value = static_cast<std::uint32_t>(orientation);
    return (intel ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) + number(0x0112, 2) +
           number(3, 2) + number(1, 4) + number(value, 2) + number(0, 2) + number(0, 4);
}

/// The JPEG with an EXIF segment behind its first marker.
inline std::string with_exif(const std::string& jpeg, const std::string& block) {
    const std::string data = std::string("Exif\0\0", 6) + block;
    return jpeg.substr(0, 2) + "\xFF\xE1" +
           big_endian(static_cast<std::uint32_t>(data.size() + 2), 2) + data + jpeg.substr(2);
}

/// 24 bits a pixel, blue first, rows from bottom to top unless height < 0, each padded to 4 bytes.
inline std::string bmp(int width, int height, const std::string& rows) {
    return "BM" + little_endian(static_cast<std::uint32_t>(54 + rows.size()), 4) +
           little_endian(0, 4) + little_endian(54, 4) + little_endian(40, 4) +
           little_endian(static_cast<std::uint32_t>(width), 4) +
           little_endian(static_cast<std::uint32_t>(height), 4) + little_endian(1, 2) +
           little_endian(24, 2) + std::string(24, '\0') + rows;
}

/// Smooth, colourful, not symmetric.
inline image::picture gradient(std::int64_t h, std::int64_t w) {
    image::picture p({1, 3, h, w});
    for (std::int64_t y = 0; y < h; ++y) {
        for (std::int64_t x = 0; x < w; ++x) {
            const float v = static_cast<float>(y) / static_cast<float>(h);
            const float u = static_cast<float>(x) / static_cast<float>(w);
            const std::int64_t i = y * w + x;
            p.data()[i] = u;
            p.data()[h * w + i] = 0.8f * v + 0.1f;
            p.data()[2 * h * w + i] = 0.5f * (1 - u) + 0.3f * v;
        }
    }
    return p;
}

}  // namespace impasto::test
