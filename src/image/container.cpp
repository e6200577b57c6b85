#include "image/container.hpp"

#include <algorithm>
#include <cstdlib>

#include <impasto/core/error.hpp>

#include "image/png_chunks.hpp"

namespace impasto::image::detail {

namespace {

/// "it starts with 'Hello, world'", or the first bytes in hexadecimal where they are not text.
std::string opening(byte_span bytes) {
    constexpr std::size_t longest = 16, shortest = 4;
    std::string text;
    for (const char c : characters(bytes.first(std::min(bytes.size(), longest)))) {
        if (c < ' ' || c > '~')
            break;
        text += c;
    }
    if (text.size() >= std::min(shortest, bytes.size()))
        return bytes.empty() ? "it is empty" : "it starts with '" + text + "'";
    std::string hexadecimal;
    for (const std::byte b : bytes.first(std::min(bytes.size(), shortest))) {
        constexpr const char* digits = "0123456789abcdef";
        const int value = std::to_integer<int>(b);
        hexadecimal += {' ', digits[value / 16], digits[value % 16]};
    }
    return "it starts with the bytes" + hexadecimal;
}

}  // namespace

description describe(byte_span bytes, const std::string& name) {
    const std::string_view text = characters(bytes);
    if (text.starts_with("\xFF\xD8\xFF"))
        return describe_jpeg(bytes, name);
    if (text.starts_with(png_signature))
        return describe_png(bytes, name);
    if (text.starts_with("BM"))
        return describe_bmp(bytes, name);
    throw format_error(name + ": is not a JPEG, PNG or BMP picture (" + opening(bytes) + ")");
}

description describe_bmp(byte_span bytes, const std::string& name) {
    constexpr std::size_t shortest_header = 30;
    const auto cut_off = [&] { return format_error(name + ": the BMP is cut off"); };
    if (bytes.size() < shortest_header)
        throw cut_off();
    const auto signed_32 = [&](std::size_t at) {
        return std::int64_t{static_cast<std::int32_t>(little_endian_32(bytes, at))};
    };
    const bool old = little_endian_32(bytes, 14) == 12;
    description found;
    found.width = old ? little_endian_16(bytes, 18) : signed_32(18);
    // A negative height says that the rows go from top to bottom.
    found.height = old ? little_endian_16(bytes, 20) : std::abs(signed_32(22));
    const std::int64_t bits = little_endian_16(bytes, old ? 24 : 28);
    if (found.width < 1 || found.height < 1 || bits < 1 || bits > 32)
        throw format_error(name + ": is not a valid BMP: its header says " +
                           std::to_string(found.width) + "x" + std::to_string(found.height) +
                           " pixels of " + std::to_string(bits) + " bits");

    const std::int64_t row = (found.width * bits + 31) / 32 * 4;
    const auto start = std::int64_t{little_endian_32(bytes, 10)};
    if ((std::ssize(bytes) - start) / row < found.height)
        throw cut_off();
    return found;
}

}  // namespace impasto::image::detail
