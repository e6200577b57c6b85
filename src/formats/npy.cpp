#include <impasto/formats/npy.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <string_view>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>
#include <impasto/core/shape.hpp>

#include "core/characters.hpp"
#include "core/describe.hpp"
#include "core/elements.hpp"
#include "formats/npy_bytes.hpp"

namespace impasto::formats::npy {

namespace {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie");

constexpr std::string_view magic{"\x93NUMPY"};
constexpr std::size_t preamble = 10;  // magic, version 1.0 and the header's length in 16 bits
constexpr std::size_t longest_descr = 20;
constexpr std::size_t alignment = 64;
constexpr std::size_t largest_rank = 32;

/// The text behind `key` in NumPy's header, a Python dictionary of which only one form is taken.
std::string_view text_behind(std::string_view header, std::string_view key,
                             const std::string& file) {
    const auto at = header.find(key);
    if (at == std::string_view::npos)
        refuse(file, "npy header has no " + std::string(key));
    header.remove_prefix(at + key.size());
    return header;
}

std::vector<std::int64_t> parse_extents(std::string_view header, const std::string& file) {
    std::string_view text = text_behind(header, "'shape': (", file);
    std::vector<std::int64_t> extents;
    while (!text.starts_with(")")) {
        std::int64_t extent = 0;
        const auto [stop, failure] = std::from_chars(text.begin(), text.end(), extent);
        if (failure != std::errc{} || extent < 0 || extents.size() == largest_rank)
            refuse(file, "npy shape is no list of at most 32 extents from 0 up");
        extents.push_back(extent);
        text.remove_prefix(static_cast<std::size_t>(stop - text.begin()));
        // "64L": a long of Python 2
        while (text.starts_with(",") || text.starts_with(" ") || text.starts_with("L"))
            text.remove_prefix(1);
    }
    return extents;
}

}  // namespace

std::vector<std::byte> serialize(const array_view& array) {
    if (elements_of(array.extents) != static_cast<std::int64_t>(array.values.size()))
        throw shape_error("npy: extents with " + std::to_string(elements_of(array.extents)) +
                          " elements, given are " + std::to_string(array.values.size()));
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
    for (const std::int64_t extent : array.extents)
        header += std::to_string(extent) + ",";
    header += "), }";
    header.append(alignment - 1 - (preamble + header.size()) % alignment, ' ');
    header += '\n';

    std::vector<std::byte> bytes(preamble + header.size() + array.values.size_bytes());
    const auto length = static_cast<std::uint16_t>(header.size());
    std::memcpy(bytes.data(), magic.data(), magic.size());
    bytes[magic.size()] = std::byte{1};  // version 1.0
    std::memcpy(bytes.data() + preamble - sizeof length, &length, sizeof length);
    std::memcpy(bytes.data() + preamble, header.data(), header.size());
    if (!array.values.empty())
        std::memcpy(bytes.data() + preamble + header.size(), array.values.data(),
                    array.values.size_bytes());
    return bytes;
}

header parse_header(std::span<const std::byte> bytes, const std::string& file) {
    const std::string_view text = characters(bytes);
    if (!text.starts_with(magic) || text.size() < preamble)
        refuse(file, "is no .npy file");
    const int version = static_cast<unsigned char>(text[magic.size()]);
    if (version < 1 || version > 3)
        refuse(file, "npy of version " + std::to_string(version) + "; expected 1 to 3");
    // The header's length has 16 bits, and 32 since version 2.
    const std::size_t before = version == 1 ? preamble : preamble + 2;
    std::uint32_t length = 0;
    if (text.size() < before)
        refuse(file, "is no .npy file");
    std::memcpy(&length, text.data() + preamble - 2, before - preamble + 2);
    if (length > text.size() - before)
        refuse(file, "npy header of " + std::to_string(length) + " bytes, the file has " +
                         std::to_string(text.size() - before) + " left");
    const std::string_view fields = text.substr(before, length);
    std::string_view descr = text_behind(fields, "'descr': ", file);
    descr.remove_prefix(std::min<std::size_t>(1, descr.size()));  // a quote
    const bool fortran = text_behind(fields, "'fortran_order': ", file).starts_with("True");
    return {std::string(descr.substr(0, std::min(descr.find('\''), longest_descr))), fortran,
            parse_extents(fields, file), before + length};
}

array parse(std::span<const std::byte> bytes, const std::string& file) {
    const header head = parse_header(bytes, file);
    if (head.descr != "<f4")
        refuse(file, "npy values have the type " + quoted(head.descr) + "; expected '<f4'");
    if (head.fortran)
        refuse(file, "npy values are in Fortran order; expected C order");
    array result{head.extents, {}};
    const auto data = bytes.subspan(head.size);
    std::int64_t size = 0;
    try {
        size = checked_multiply(elements_of(result.extents), sizeof(float));
    } catch (const shape_error& too_large) {
        refuse(file, std::string("npy shape: ") + too_large.what());
    }
    if (size != static_cast<std::int64_t>(data.size()))
        refuse(file, "npy shape needs " + std::to_string(size) + " bytes, the file has " +
                         std::to_string(data.size()));
    result.values.resize(data.size() / sizeof(float));
    if (!data.empty())
        std::memcpy(result.values.data(), data.data(), data.size());
    return result;
}

void write(const std::filesystem::path& file, const array_view& values) {
    write_atomically(file, serialize(values));
}

array read(const std::filesystem::path& file) {
    return parse(read_file(file, largest_file), file.string());
}

}  // namespace impasto::formats::npy
