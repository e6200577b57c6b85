#include "image/png_chunks.hpp"

#include <zlib.h>

#include <impasto/core/error.hpp>

#include "image/container.hpp"

namespace impasto::image::detail {

namespace {

// A chunk is its length (4 bytes), its type (4), the data, and a checksum (4) of type and data.
constexpr std::size_t frame = 12;

std::uint32_t checksum(byte_span bytes) {
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void append_big_endian_32(std::vector<std::byte>& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::byte>(value >> shift));
}

}  // namespace

std::optional<png_chunk> png_chunks::next() {
    const std::size_t left = bytes_.size() - at_;
    const std::size_t length = left < frame ? 0 : big_endian_32(bytes_, at_);
    if (left < frame || length > left - frame)
        throw format_error(name_ + ": the PNG is cut off: after " + std::to_string(bytes_.size()) +
                           " bytes its last chunk, IEND, is still missing");
    const byte_span checked = bytes_.subspan(at_ + 4, 4 + length);
    const png_chunk chunk{characters(checked.first(4)), checked.subspan(4)};
    // A capital first letter marks what no reader may ignore.
    const bool critical = chunk.type[0] >= 'A' && chunk.type[0] <= 'Z';
    if (critical && checksum(checked) != big_endian_32(bytes_, at_ + 8 + length))
        throw format_error(name_ + ": the PNG is damaged: the chunk at byte " +
                           std::to_string(at_) + " does not match its checksum");
    at_ += frame + length;
    if (chunk.type == "IEND")
        return std::nullopt;
    return chunk;
}

description describe_png(byte_span bytes, const std::string& name) {
    png_chunks rest(bytes, name);
    const std::optional<png_chunk> header = rest.next();
    if (!header || header->type != "IHDR" || header->data.size() != 13)
        throw format_error(name + ": the PNG is damaged: it does not start with its header");
    description found;
    found.width = big_endian_32(header->data, 0);
    found.height = big_endian_32(header->data, 4);
    found.bits = std::to_integer<int>(header->data[8]);

    bool has_pixels = false;
    while (const std::optional<png_chunk> chunk = rest.next()) {
        has_pixels |= chunk->type == "IDAT";
        if (chunk->type == "eXIf")
            found.orientation = exif_orientation(chunk->data);
    }
    if (!has_pixels || found.width == 0 || found.height == 0)
        throw format_error(name + ": the PNG holds no picture");
    return found;
}

void append_png_chunk(std::vector<std::byte>& out, const png_chunk& chunk) {
    append_big_endian_32(out, static_cast<std::uint32_t>(chunk.data.size()));
    const std::size_t start = out.size();
    const byte_span type = std::as_bytes(std::span(chunk.type));
    out.insert(out.end(), type.begin(), type.end());
    out.insert(out.end(), chunk.data.begin(), chunk.data.end());
    append_big_endian_32(out, checksum(byte_span(out).subspan(start)));
}

}  // namespace impasto::image::detail
