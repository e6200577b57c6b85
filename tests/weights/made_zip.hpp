#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <zlib.h>

namespace impasto::test {

template <class Integer>
std::string number(Integer value) {
    std::string text(sizeof value, '\0');
    std::memcpy(text.data(), &value, sizeof value);
    return text;
}
inline std::string u32(std::uint32_t value) {
    return number(value);
}

inline std::uint32_t checksum(const std::string& text) {
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

struct zip_member {
    std::string name, content;
    std::uint16_t method = 0, flags = 0;
    std::uint32_t claimed = 0xdeadbeef;  ///< size, if another than the content's
    std::uint32_t offset = 0xdeadbeef;
    std::uint32_t packed = 0xdeadbeef;
};

/// A zip archive in which anything may be wrong.
inline std::string zip(const std::vector<zip_member>& members) {
    std::string text, directory;
    for (const auto& m : members) {
        const auto size =
            m.packed == 0xdeadbeef ? static_cast<std::uint32_t>(m.content.size()) : m.packed;
        const std::string common =
            number<std::uint16_t>(20) + number(m.flags) + number(m.method) + u32(0) +
            u32(checksum(m.content)) + u32(size) + u32(m.claimed == 0xdeadbeef ? size : m.claimed) +
            number(static_cast<std::uint16_t>(m.name.size())) + number<std::uint16_t>(0);
        const auto offset =
            m.offset == 0xdeadbeef ? static_cast<std::uint32_t>(text.size()) : m.offset;
        directory += "PK\x01\x02" + number<std::uint16_t>(20) + common + std::string(10, '\0') +
                     u32(offset) + m.name;
        text += "PK\x03\x04" + common + m.name + m.content;
    }
    const auto count = static_cast<std::uint16_t>(members.size());
    return text + directory + "PK\x05\x06" + u32(0) + number(count) + number(count) +
           u32(static_cast<std::uint32_t>(directory.size())) +
           u32(static_cast<std::uint32_t>(text.size())) + number<std::uint16_t>(0);
}

}  // namespace impasto::test
