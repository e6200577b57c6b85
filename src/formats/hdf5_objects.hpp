#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/characters.hpp"
#include "formats/cursor.hpp"

/// The lower level of an HDF5 file: addresses, and the messages that describe an object.
namespace impasto::formats::hdf5 {

inline constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
inline constexpr std::uint64_t undefined = UINT64_MAX;  ///< the address of nothing

/// Where the superblock begins: at byte 0, or behind a block of the user's at 512, 1024, 2048, …;
/// the number of bytes where there is none.
inline std::size_t find_signature(std::span<const std::byte> bytes) {
    constexpr std::size_t last = 1 << 20;
    for (std::size_t at = 0; at < std::min(bytes.size(), last); at = at == 0 ? 512 : 2 * at)
        if (characters(bytes.subspan(at)).starts_with(signature))
            return at;
    return bytes.size();
}

enum message_type : std::uint16_t {
    dataspace_message = 0x01,
    link_info_message = 0x02,
    datatype_message = 0x03,
    link_message = 0x06,
    external_files_message = 0x07,
    layout_message = 0x08,
    continuation_message = 0x10,
    symbol_table_message = 0x11,
};

struct message {
    std::uint16_t type = 0;
    bool is_shared = false;
    std::span<const std::byte> data;
};

/// The first message of a type; null where there is none.
inline const message* find(const std::vector<message>& messages, std::uint16_t type) {
    const auto found = std::ranges::find(messages, type, &message::type);
    return found == messages.end() ? nullptr : &*found;
}

/// Reads headers of objects. Throws format_error on what is damaged or lies outside the file.
class object_reader {
public:
    /// `file` is the name in messages. Both must outlive the reader.
    object_reader(std::span<const std::byte> bytes, const std::string& file)
        : bytes_(bytes), file_(file), root_(read_superblock()) {}

    /// The address of the root group.
    [[nodiscard]] std::uint64_t root() const { return root_; }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[noreturn]] void refuse(const std::string& what) const {
        throw format_error(file_ + ": " + what);
    }

    /// The bytes from an address on, behind the signature that is expected there.
    [[nodiscard]] cursor at(std::uint64_t address, const char* what,
                            std::string_view expected = "") const {
        if (address >= bytes_.size())
            refuse(std::string(what) + " at byte " + std::to_string(address) +
                   " lies outside the file; it may be cut off");
        cursor here(bytes_, file_, address);
        if (characters(here.take(expected.size())) != expected)
            refuse(std::string(what) + " at byte " + std::to_string(address) + " is damaged");
        return here;
    }

    [[nodiscard]] std::vector<message> read_messages(std::uint64_t address) const {
        cursor in = at(address, "object header");
        const bool modern = characters(bytes_.subspan(address)).starts_with("OHDR");
        std::vector<message> messages;
        std::vector<std::span<const std::byte>> blocks;
        std::uint8_t flags = 0;
        if (modern) {
            in.skip(5);
            flags = in.get<std::uint8_t>();
            in.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
            blocks.push_back(in.take(in.get_sized(std::size_t{1} << (flags & 3))));
        } else {
            if (in.get<std::uint8_t>() != 1)
                refuse("object header at byte " + std::to_string(address) + " is damaged");
            in.skip(7);
            const auto size = in.get<std::uint32_t>();
            in.skip(4);
            blocks.push_back(in.take(size));
        }
        for (std::size_t i = 0; i < blocks.size(); ++i)
            read_block(blocks[i], modern, (flags & 4) != 0, messages, blocks);
        return messages;
    }

private:
    /// The address of the root group; makes addresses count from where they should.
    std::uint64_t read_superblock() {
        const std::size_t begin = find_signature(bytes_);
        cursor in = at(begin, "superblock", signature);
        const auto version = in.get<std::uint8_t>();
        if (version > 3)
            refuse("is HDF5 with a superblock of version " + std::to_string(version) +
                   "; expected 0 to 3");
        const bool old = version < 2;
        if (old)
            in.skip(4);
        const auto offset_size = in.get<std::uint8_t>(), length_size = in.get<std::uint8_t>();
        if (offset_size != 8 || length_size != 8)
            refuse("is HDF5 with addresses of " + std::to_string(offset_size) +
                   " bytes; expected 8");
        in.skip(old ? (version == 1 ? 13 : 9) : 1);
        const auto base = in.get<std::uint64_t>();
        in.skip(8);
        const auto end = in.get<std::uint64_t>();
        in.skip(old ? 2 * 8 : 0);  // a driver; the root has no name
        const auto root = in.get<std::uint64_t>();
        if (base > end || end > bytes_.size())
            refuse("is HDF5 of " + std::to_string(end) + " bytes, and has " +
                   std::to_string(bytes_.size()) + "; it may be cut off");
        bytes_ = bytes_.subspan(base);
        return root;
    }

    /// Adds a block's messages, and the blocks in which it goes on.
    void read_block(std::span<const std::byte> block, bool modern, bool ordered,
                    std::vector<message>& messages,
                    std::vector<std::span<const std::byte>>& blocks) const {
        constexpr std::size_t most_messages = 1'000;
        const std::size_t head = modern ? (ordered ? 6 : 4) : 8;
        for (cursor in(block, file_); in.left() >= head;) {
            message m;
            m.type = modern ? in.get<std::uint8_t>() : in.get<std::uint16_t>();
            const auto size = in.get<std::uint16_t>();
            m.is_shared = (in.get<std::uint8_t>() & 2) != 0;
            in.skip(modern ? (ordered ? 2 : 0) : 3);
            m.data = in.take(size);
            if (m.type == continuation_message)
                blocks.push_back(continuation(m, modern));
            messages.push_back(m);
            if (messages.size() > most_messages)
                refuse("an object has more than " + std::to_string(most_messages) + " messages");
        }
    }

    std::span<const std::byte> continuation(const message& m, bool modern) const {
        cursor in(m.data, file_);
        const auto address = in.get<std::uint64_t>(), length = in.get<std::uint64_t>();
        constexpr std::size_t checksum = 4;
        cursor block = at(address, "object header's continuation", modern ? "OCHK" : "");
        if (!modern)
            return block.take(length);
        if (length < 4 + checksum)
            refuse("an object header's continuation has " + std::to_string(length) + " bytes");
        return block.take(length - 4 - checksum);
    }

    std::span<const std::byte> bytes_;
    const std::string& file_;
    std::uint64_t root_;
};

}  // namespace impasto::formats::hdf5
