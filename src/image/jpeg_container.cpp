#include <optional>

#include <impasto/core/error.hpp>

#include "image/container.hpp"

namespace impasto::image::detail {

namespace {

namespace marker {
constexpr std::uint32_t huffman_tables = 0xC4;
constexpr std::uint32_t end_of_image = 0xD9;
constexpr std::uint32_t start_of_scan = 0xDA;
constexpr std::uint32_t app1 = 0xE1;

bool is_restart(std::uint32_t m) {
    return m >= 0xD0 && m <= 0xD7;
}
/// C0 to CF without the Huffman, reserved and arithmetic-coding tables.
bool is_start_of_frame(std::uint32_t m) {
    return m >= 0xC0 && m <= 0xCF && m != huffman_tables && m != 0xC8 && m != 0xCC;
}
}  // namespace marker

struct segment {
    std::uint32_t marker;
    byte_span data;  ///< what follows its length
};

/// Iterates over the markers, skipping entropy-coded data and stray bytes between segments.
class segments {
public:
    segments(byte_span bytes, const std::string& name) : bytes_(bytes), name_(name) {}

    segment next() {
        const std::uint32_t m = next_marker();
        if (m == marker::end_of_image)
            return {m, {}};
        if (at_ + 2 > bytes_.size())
            cut_off();
        const std::size_t length = big_endian_16(bytes_, at_);
        if (length < 2)
            throw format_error(name_ + ": the JPEG is damaged: the segment at byte " +
                               std::to_string(at_) + " has an invalid length of " +
                               std::to_string(length));
        if (length > bytes_.size() - at_)
            cut_off();
        at_ += length;
        return {m, bytes_.subspan(at_ - length + 2, length - 2)};
    }

private:
    /// In entropy-coded data FF 00 is a plain FF, and FF D0 … FF D7 restart the decoder.
    std::uint32_t next_marker() {
        for (; at_ + 1 < bytes_.size(); ++at_) {
            if (bytes_[at_] != std::byte{0xFF})
                continue;
            const auto m = std::to_integer<std::uint32_t>(bytes_[at_ + 1]);
            if (m != 0x00 && m != 0xFF && !marker::is_restart(m)) {
                at_ += 2;
                return m;
            }
        }
        cut_off();
    }

    [[noreturn]] void cut_off() const {
        throw format_error(name_ + ": the JPEG is cut off: after " + std::to_string(bytes_.size()) +
                           " bytes its end-of-image marker is still missing");
    }

    byte_span bytes_;
    const std::string& name_;
    std::size_t at_ = 2;  // behind the start-of-image marker
};

/// Holds each table to the 256 symbols that a byte can name: stb_image 2.27 writes past its array
/// for one that lists more. A table is its number, 16 counts of codes by length, and the symbols.
bool has_sound_tables(byte_span tables) {
    constexpr std::size_t header = 17, most = 256;
    while (!tables.empty()) {
        if (tables.size() < header)
            return false;
        std::size_t symbols = 0;
        for (std::size_t i = 1; i < header; ++i)
            symbols += std::to_integer<std::size_t>(tables[i]);
        if (symbols > most || tables.size() < header + symbols)
            return false;
        tables = tables.subspan(header + symbols);
    }
    return true;
}

std::optional<byte_span> exif_block(const segment& s) {
    constexpr std::string_view prefix("Exif\0\0", 6);
    if (s.marker != marker::app1 || !characters(s.data).starts_with(prefix))
        return std::nullopt;
    return s.data.subspan(prefix.size());
}

}  // namespace

description describe_jpeg(byte_span bytes, const std::string& name) {
    // Each scan costs a pass over the whole picture. Ten are usual.
    constexpr int max_scans = 500;
    description found;
    bool has_frame = false, has_exif = false;
    int scans = 0;
    segments rest(bytes, name);
    for (segment s = rest.next(); s.marker != marker::end_of_image; s = rest.next()) {
        if (marker::is_start_of_frame(s.marker) && s.data.size() >= 5) {
            if (has_frame)
                throw format_error(name + ": the JPEG is damaged: it has two frames");
            has_frame = true;
            found.height = big_endian_16(s.data, 1);
            found.width = big_endian_16(s.data, 3);
        } else if (s.marker == marker::huffman_tables && !has_sound_tables(s.data)) {
            throw format_error(name + ": the JPEG is damaged: a Huffman table is too long");
        } else if (s.marker == marker::start_of_scan && ++scans > max_scans) {
            throw format_error(name + ": the JPEG is damaged: it has more than " +
                               std::to_string(max_scans) + " scans");
        } else if (const auto exif = exif_block(s); exif && !has_exif) {
            has_exif = true;
            found.orientation = exif_orientation(*exif);
        }
    }
    if (!has_frame || scans == 0 || found.width == 0 || found.height == 0)
        throw format_error(name + ": the JPEG holds no picture");
    return found;
}

}  // namespace impasto::image::detail
