#include "image/png_text.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>

#include "image/png_chunks.hpp"

namespace impasto::image {

namespace detail {

namespace {

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

void expect_valid(const text_entry& entry) {
    const std::string_view k = entry.keyword;
    const bool printable =
        std::all_of(k.begin(), k.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (k.empty() || k.size() > 79 || !printable || k.front() == ' ' || k.back() == ' ')
        throw option_error("PNG text: the keyword '" + entry.keyword +
                           "' is not 1 to 79 printable ASCII characters without outer spaces");
    if (entry.text.find('\0') != std::string::npos)
        throw option_error("PNG text: the text of '" + entry.keyword + "' holds a NUL");
}

}  // namespace

void insert_png_text(std::vector<std::byte>& png, std::span<const text_entry> text) {
    std::vector<std::byte> chunks;
    for (const text_entry& entry : text) {
        expect_valid(entry);
        const bool ascii = is_ascii(entry.text);
        // iTXt: two flags of no compression, an empty language, an empty translated keyword.
        const std::string data = entry.keyword + std::string(ascii ? 1 : 5, '\0') + entry.text;
        append_png_chunk(chunks, {ascii ? "tEXt" : "iTXt", std::as_bytes(std::span(data))});
    }
    constexpr std::ptrdiff_t header_end = 8 + 12 + 13;
    png.insert(png.begin() + header_end, chunks.begin(), chunks.end());
}

namespace {

std::string latin1_to_utf8(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x80) {
            out += c;
        } else {
            out += static_cast<char>(0xC0 | code >> 6);
            out += static_cast<char>(0x80 | (code & 0x3F));
        }
    }
    return out;
}

/// Cuts off and returns what stands before the first NUL; none without a NUL.
std::optional<std::string_view> take_field(std::string_view& rest) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos)
        return std::nullopt;
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return field;
}

bool is_text(const png_chunk& chunk) {
    return chunk.type == "tEXt" || chunk.type == "iTXt";
}

/// None where the text is compressed or malformed.
std::optional<text_entry> text_of(const png_chunk& chunk) {
    std::string_view rest = characters(chunk.data);
    const auto keyword = take_field(rest);
    if (!keyword)
        return std::nullopt;
    if (chunk.type == "tEXt")
        return text_entry{latin1_to_utf8(*keyword), latin1_to_utf8(rest)};
    if (rest.size() < 2 || rest[0] != 0)
        return std::nullopt;
    rest.remove_prefix(2);
    if (!take_field(rest) || !take_field(rest))
        return std::nullopt;
    return text_entry{latin1_to_utf8(*keyword), std::string(rest)};
}

}  // namespace

}  // namespace detail

std::vector<text_entry> read_text(const std::filesystem::path& file) {
    constexpr std::size_t max_file_bytes = std::size_t{1} << 30, max_text = 1 << 20;
    const std::string name = file.string();
    const std::vector<std::byte> bytes = read_file(file, max_file_bytes);
    if (!characters(bytes).starts_with(detail::png_signature))
        throw format_error(name + ": is not a PNG; only PNGs contain text");
    std::vector<text_entry> found;
    std::size_t total = 0;
    detail::png_chunks rest(bytes, name);
    while (const auto chunk = rest.next()) {
        if (!detail::is_text(*chunk))
            continue;
        total += chunk->data.size() + sizeof(text_entry);
        if (total > max_text)
            throw format_error(name + ": contains more than " + std::to_string(max_text) +
                               " bytes of text");
        if (const auto entry = detail::text_of(*chunk))
            found.push_back(*entry);
    }
    return found;
}

}  // namespace impasto::image
