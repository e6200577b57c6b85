#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

namespace impasto::test {

template <class Integer>
std::string number(Integer value) {
    std::string text(sizeof value, '\0');
    std::memcpy(text.data(), &value, sizeof value);
    return text;
}
inline std::string u32(std::int64_t value) {
    return number(static_cast<std::uint32_t>(value));
}

inline std::uint32_t checksum(const std::string& text) {
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

/// zlib's format, or with window = -15 the bare stream that zip has.
inline std::string deflated(const std::string& text, int window = 15) {
    z_stream stream{};
    ::deflateInit2(&stream, 1, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY);
    std::string out(::deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int state = ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    if (state != Z_STREAM_END)
        throw std::runtime_error("deflate failed");
    return out;
}

struct zip_member {
    std::string name, content;  ///< as the archive holds it
    std::uint16_t method = 0, flags = 0;
    /// What the archive says of the member, where it is not what `content` shows.
    std::optional<std::uint32_t> claimed{}, offset{}, packed{}, checksum{};
};

/// A member that is deflated as it should be.
inline zip_member deflated_member(std::string name, const std::string& content) {
    return {.name = std::move(name),
            .content = deflated(content, -15),
            .method = 8,
            .claimed = static_cast<std::uint32_t>(content.size()),
            .checksum = checksum(content)};
}

/// A zip archive in which anything may be wrong.
inline std::string zip(const std::vector<zip_member>& members) {
    std::string text, directory;
    for (const auto& m : members) {
        const auto size = m.packed.value_or(static_cast<std::uint32_t>(m.content.size()));
        const std::string common = number<std::uint16_t>(20) + number(m.flags) + number(m.method) +
                                   u32(0) + u32(m.checksum.value_or(checksum(m.content))) +
                                   u32(size) + u32(m.claimed.value_or(size)) +
                                   number(static_cast<std::uint16_t>(m.name.size())) +
                                   number<std::uint16_t>(0);
        const auto offset = m.offset.value_or(static_cast<std::uint32_t>(text.size()));
        directory += "PK\x01\x02" + number<std::uint16_t>(20) + common + std::string(10, '\0') +
                     u32(offset) + m.name;
        text += "PK\x03\x04" + common + m.name;
        text += m.content;
    }
    const auto count = static_cast<std::uint16_t>(members.size());
    return text + directory + "PK\x05\x06" + u32(0) + number(count) + number(count) +
           u32(static_cast<std::uint32_t>(directory.size())) +
           u32(static_cast<std::uint32_t>(text.size())) + number<std::uint16_t>(0);
}

}  // namespace impasto::test
