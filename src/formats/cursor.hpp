#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <impasto/core/error.hpp>

namespace impasto::formats {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");

/// A place in a file in memory, which moves as numbers and pieces are taken. Reading past
/// the end is a format_error.
class cursor {
public:
    /// `file` is the name in messages, and must outlive the cursor.
    cursor(std::span<const std::byte> bytes, const std::string& file, std::uint64_t at = 0)
        : bytes_(bytes), file_(file) {
        skip(at);
    }

    /// A little-endian number.
    template <std::integral Integer>
    [[nodiscard]] Integer get() {
        Integer value;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }

    /// An unsigned number of 1, 2, 4 or 8 bytes.
    [[nodiscard]] std::uint64_t get_sized(std::size_t bytes) {
        std::uint64_t value = 0;
        std::memcpy(&value, take(bytes).data(), bytes);
        return value;
    }

    [[nodiscard]] std::span<const std::byte> take(std::uint64_t size) {
        if (size > left())
            refuse("byte " + std::to_string(at_) + ": " + std::to_string(size) +
                   " bytes are needed where " + std::to_string(left()) +
                   " are left; the file may be cut off");
        const auto taken = bytes_.subspan(at_, size);
        at_ += size;
        return taken;
    }

    void skip(std::uint64_t size) { (void)take(size); }
    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
    [[nodiscard]] std::size_t at() const { return at_; }

    [[noreturn]] void refuse(const std::string& what) const {
        throw format_error(file_ + ": " + what);
    }

private:
    std::span<const std::byte> bytes_;
    const std::string& file_;
    std::size_t at_ = 0;
};

}  // namespace impasto::formats
