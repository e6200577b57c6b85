#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/bytes.hpp"

namespace impasto::image::detail {

inline constexpr std::string_view png_signature("\x89PNG\r\n\x1A\n", 8);

struct png_chunk {
    std::string_view type;
    byte_span data;
};

/// Reads a PNG chunk by chunk. Critical chunks must match their checksums.
class png_chunks {
public:
    /// The bytes start with the signature.
    png_chunks(byte_span bytes, const std::string& name) : bytes_(bytes), name_(name) {}

    /// The next chunk; none once IEND is reached. Throws format_error where the file ends first.
    std::optional<png_chunk> next();

private:
    byte_span bytes_;
    const std::string& name_;
    std::size_t at_ = png_signature.size();
};

/// Appends length, type, data and checksum.
void append_png_chunk(std::vector<std::byte>& out, const png_chunk& chunk);

}  // namespace impasto::image::detail
