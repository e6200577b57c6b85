#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/characters.hpp"

/// Protocol buffers' wire format, as far as weight files need it: Caffe's and ONNX's are messages.
/// Source: protobuf.dev/programming-guides/encoding.
namespace impasto::formats::wire {

enum class kind : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// A field as it lies in the message; `bytes` looks into it.
struct field {
    std::uint32_t number = 0;
    kind type = kind::varint;
    std::uint64_t value = 0;           ///< of a varint
    std::span<const std::byte> bytes;  ///< of the other kinds: 8, 4, or as many as it says

    [[nodiscard]] bool is_bytes(std::uint32_t n) const {
        return number == n && type == kind::bytes;
    }
    [[nodiscard]] bool is_varint(std::uint32_t n) const {
        return number == n && type == kind::varint;
    }
    [[nodiscard]] std::string_view text() const { return characters(bytes); }
};

/// Walks the fields of one message. A message within is a field of kind bytes: walk it with a
/// reader of its own.
class reader {
public:
    /// `file` is the name in messages, and must outlive the reader.
    reader(std::span<const std::byte> message, const std::string& file)
        : rest_(message), file_(file) {}

    /// The next field; nothing at the end. Throws format_error on a field that ends after the
    /// message, a number that never ends, and kinds that do not exist.
    [[nodiscard]] std::optional<field> next();

    /// A number alone, as in a packed list of them.
    [[nodiscard]] std::uint64_t varint();
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    [[nodiscard]] std::span<const std::byte> take(std::uint64_t size);

    std::span<const std::byte> rest_;
    const std::string& file_;
};

}  // namespace impasto::formats::wire
