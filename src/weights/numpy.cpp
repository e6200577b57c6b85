#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <impasto/core/error.hpp>
#include <impasto/core/shape.hpp>

#include "core/characters.hpp"
#include "core/describe.hpp"
#include "core/elements.hpp"
#include "formats/npy_bytes.hpp"
#include "formats/zip.hpp"
#include "weights/formats.hpp"
#include "weights/pickled_tensors.hpp"

// Two ways in which NumPy files hold networks: an .npz with an array for each tensor, and an .npy
// whose one "array" is a pickled dictionary of arrays.

namespace impasto::weights {

namespace {

namespace npy = formats::npy;
namespace pickle = formats::pickle;
namespace zip = formats::zip;

using pickle::kind;
using pickle::value;

constexpr std::string_view npy_magic = "\x93NUMPY";

/// "<f4": little-endian float of four bytes.
element_type type_of(std::string_view descr) {
    if (descr == "<f8")
        return element_type::float64;
    if (descr == "<f4")
        return element_type::float32;
    if (descr == "<f2")
        return element_type::float16;
    return element_type::other;
}

/// Strides of an array in Fortran's order; nothing to say for C's.
std::vector<std::int64_t> strides_of(const std::vector<std::int64_t>& extents, bool fortran) {
    if (!fortran)
        return {};
    std::vector<std::int64_t> strides(extents.size(), 1);
    for (std::size_t i = 1; i < extents.size(); ++i)
        strides[i] = checked_multiply(strides[i - 1], extents[i - 1]);
    return strides;
}

entry entry_of(const npy::header& header, std::string name) {
    return {.name = std::move(name),
            .type = type_of(header.descr),
            .extents = header.extents,
            .strides = strides_of(header.extents, header.fortran)};
}

bool is_npy(std::span<const std::byte> bytes) {
    return characters(bytes).starts_with(npy_magic);
}

// ---- .npz ---------------------------------------------------------------------------------------

constexpr std::string_view suffix = ".npy";

bool holds_arrays(const zip::reader& members) {
    return !members.members().empty() &&
           std::ranges::all_of(members.members(),
                               [](const zip::member& m) { return m.name.ends_with(suffix); });
}

/// The array of a member; its bytes are unpacked when they are read.
entry entry_of(const std::shared_ptr<const zip::reader>& members, const zip::member& m,
               const std::string& file) {
    constexpr std::size_t longest_header = 4096;
    const std::string name = m.name.substr(0, m.name.size() - suffix.size());
    const auto begin = m.deflated ? members->begin_of(m, longest_header) : std::vector<std::byte>{};
    const auto packed = members->packed(m);
    const npy::header header =
        npy::parse_header(m.deflated ? std::span<const std::byte>(begin) : packed, file);
    entry tensor = entry_of(header, name);
    tensor.bytes = m.deflated ? packed : packed.subspan(header.size);
    if (m.deflated)
        tensor.unpack = [members, &m, header, element = size_of(tensor.type)] {
            const auto values = static_cast<std::size_t>(elements_of(header.extents)) * element;
            auto bytes = members->unpack(m, header.size + values);
            bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(
                                                           std::min(header.size, bytes.size())));
            return bytes;
        };
    return tensor;
}

// ---- pickled .npy -------------------------------------------------------------------------------

/// What Python 3 writes for bytes where Python 2 shall read them: _codecs.encode(text, "latin1").
bool is_text_of_bytes(const value& at) {
    const value* text = at.is_made_by("_codecs.encode") ? at.arguments->at(0) : nullptr;
    return text != nullptr && text->what == kind::text;  // which lies in the file
}

/// The bytes of such a text, whose pages are given back on the way: it is half as long again.
std::vector<std::byte> encoded(std::string_view text, const mapped_file& file) {
    const auto is_second = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
    constexpr std::size_t piece = 1 << 20;
    const auto give_back = [&](std::size_t begin, std::size_t end) {
        file.give_back(std::as_bytes(std::span(text.substr(begin, end - begin))));
    };
    std::size_t size = 0;
    for (std::size_t begin = 0; begin < text.size(); begin += piece) {
        const std::string_view part = text.substr(begin, piece);
        size += part.size() - static_cast<std::size_t>(std::ranges::count_if(part, is_second));
        give_back(begin, begin + part.size());
    }
    std::vector<std::byte> bytes;
    bytes.reserve(size);
    for (std::size_t i = 0, begin = 0; i < text.size(); ++i) {
        auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0xc0 && i + 1 < text.size())  // two bytes of UTF-8 for 0x80 to 0xff
            c = static_cast<unsigned char>(c << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f));
        bytes.push_back(static_cast<std::byte>(c));
        if (i - begin >= piece)
            give_back(std::exchange(begin, i), i);
    }
    return bytes;
}

bool is_array(const value& at) {
    return at.is_made_by("numpy.core.multiarray._reconstruct") ||
           at.is_made_by("numpy._core.multiarray._reconstruct");
}

/// "<f4" of numpy.dtype("f4", …), whose state is (version, "<", …).
std::string descr_of(const value* dtype) {
    if (dtype == nullptr || !dtype->is_made_by("numpy.dtype") ||
        dtype->arguments->at(0) == nullptr || dtype->state == nullptr ||
        dtype->state->at(1) == nullptr)
        return "";
    return std::string(dtype->state->at(1)->text.substr(0, 1)) +
           std::string(dtype->arguments->at(0)->text.substr(0, 4));
}

/// As protocol 5 has it: _frombuffer(bytes, dtype, extents, order).
std::optional<entry> buffer_of(const value& at, const std::string& file) {
    if (!at.is_made_by("numpy.core.numeric._frombuffer") &&
        !at.is_made_by("numpy._core.numeric._frombuffer"))
        return std::nullopt;
    const value* content = at.arguments->at(0);
    const value* order = at.arguments->at(3);
    if (content == nullptr || content->what != kind::bytes || order == nullptr)
        refuse(file, "an array has no buffer");
    entry tensor = entry_of({.descr = descr_of(at.arguments->at(1)),
                             .fortran = order->text == "F",
                             .extents = integers_of(at.arguments->at(2), file, "shape"),
                             .size = 0},
                            "");
    tensor.bytes = std::as_bytes(std::span(content->text));
    return tensor;
}

/// numpy's state of an array: (version, extents, dtype, Fortran's order, bytes or list).
std::optional<entry> array_of(const value& at, const file_pointer& file) {
    const std::string called = file->path().string();
    if (auto tensor = buffer_of(at, called))
        return tensor;
    if (!is_array(at) || at.state == nullptr)
        return std::nullopt;
    const value* content = at.state->at(4);
    if (content == nullptr || content->what == kind::sequence)
        return std::nullopt;
    const value* fortran = at.state->at(3);
    entry tensor = entry_of({.descr = descr_of(at.state->at(2)),
                             .fortran = fortran != nullptr && fortran->integer != 0,
                             .extents = integers_of(at.state->at(1), called, "shape"),
                             .size = 0},
                            "");
    if (content->what == kind::bytes)
        tensor.bytes = std::as_bytes(std::span(content->text));
    if (is_text_of_bytes(*content)) {
        const std::string_view text = content->arguments->at(0)->text;
        tensor.bytes = std::as_bytes(std::span(text));
        tensor.unpack = [text, file] { return encoded(text, *file); };
    }
    return tensor;
}

/// The dictionary in an array of one object.
const value& unwrapped(const value& root) {
    if (!is_array(root) || root.state == nullptr || root.state->at(4) == nullptr)
        return root;
    const value* inner = root.state->at(4)->at(0);
    return inner == nullptr ? root : *inner;
}

}  // namespace

bool is_numpy(std::span<const std::byte> bytes) {
    if (!zip::is_zip(bytes))
        return is_npy(bytes);
    try {
        return holds_arrays(zip::reader(bytes, ""));
    } catch (const format_error&) {
        return false;
    }
}

archive open_numpy(const file_pointer& file) {
    archive result{.file = file->path().string(), .format = file_format::numpy, .mapping = file};
    try {
        if (zip::is_zip(file->bytes())) {
            const auto members = std::make_shared<const zip::reader>(file);
            for (const zip::member& m : members->members())
                result.entries.push_back(entry_of(members, m, result.file));
            return result;
        }
        const npy::header header = npy::parse_header(file->bytes(), result.file);
        const auto content = file->bytes().subspan(header.size);
        if (header.descr != "|O") {
            result.entries.push_back(entry_of(header, ""));
            result.entries.back().bytes = content;
            return result;
        }
        const auto pickled = pickle::read(content, result.file);
        result.entries = collect_tensors(
            unwrapped(pickled.root()), [&](const value& at) { return array_of(at, file); },
            result.file);
        return result;
    } catch (const shape_error& too_large) {
        refuse(result.file, std::string("an array's shape: ") + too_large.what());
    }
}

}  // namespace impasto::weights
