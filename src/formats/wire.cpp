#include "formats/wire.hpp"

#include <impasto/core/error.hpp>

namespace impasto::formats::wire {

std::uint64_t reader::varint() {
    constexpr int most_bits = 64;
    std::uint64_t value = 0;
    for (int shift = 0; shift < most_bits; shift += 7) {
        const auto byte = std::to_integer<std::uint64_t>(take(1).front());
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    throw format_error(file_ + ": a number in the message is longer than 64 bits");
}

std::span<const std::byte> reader::take(std::uint64_t size) {
    if (size > rest_.size())
        throw format_error(file_ + ": a field claims " + std::to_string(size) + " bytes where " +
                           std::to_string(rest_.size()) + " are left; the file may be cut off");
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
}

std::optional<field> reader::next() {
    if (rest_.empty())
        return {};
    constexpr std::uint64_t largest_number = (1u << 29) - 1;
    const std::uint64_t tag = varint();
    if (tag >> 3 == 0 || tag >> 3 > largest_number)
        throw format_error(file_ + ": a field has the impossible number " +
                           std::to_string(tag >> 3));
    field f{.number = static_cast<std::uint32_t>(tag >> 3),
            .type = static_cast<kind>(tag & 7),
            .value = 0,
            .bytes = {}};
    switch (f.type) {
        case kind::varint:
            f.value = varint();
            return f;
        case kind::fixed64:
            f.bytes = take(8);
            return f;
        case kind::bytes:
            f.bytes = take(varint());
            return f;
        case kind::fixed32:
            f.bytes = take(4);
            return f;
    }
    throw format_error(file_ + ": field " + std::to_string(f.number) + " is of the unknown kind " +
                       std::to_string(tag & 7));
}

}  // namespace impasto::formats::wire
