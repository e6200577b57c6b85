#include <impasto/weights/safetensors.hpp>

#include <algorithm>
#include <cstring>
#include <set>

#include <nlohmann/json.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/shape.hpp>

#include "core/characters.hpp"
#include "core/describe.hpp"
#include "weights/dtype.hpp"
#include "weights/formats.hpp"

namespace impasto::weights::safetensors {

namespace {

using nlohmann::json;

constexpr std::uint64_t largest_header = 100'000'000;  // the reference implementation's limit
constexpr std::size_t largest_rank = 8;
constexpr int deepest_header = 3;  // {name: {shape: [extent]}}

using impasto::refuse;

[[noreturn]] void refuse(const std::string& file, const std::string& tensor,
                         const std::string& what) {
    refuse(file, "tensor " + quoted(tensor) + ": " + what);
}

/// Follows the parser through the header and stops it where a key comes twice or where it nests
/// deeper than a header does: the parser keeps the last of two, and a hostile file could make it
/// build a tree many times the file's size.
class header_guard {
public:
    using event_kind = json::parse_event_t;

    explicit header_guard(const std::string& file) : file_(file) {}

    bool operator()(int depth, event_kind event, json& parsed) {
        if ((event == event_kind::object_start || event == event_kind::array_start) &&
            depth >= deepest_header)
            refuse(file_, "safetensors header nests deeper than a header does");
        if (event == event_kind::object_start)
            keys_.emplace_back();
        if (event == event_kind::object_end)
            keys_.pop_back();
        if (event == event_kind::key && !keys_.back().insert(parsed.get<std::string>()).second)
            refuse(file_, "safetensors header has " + quoted(parsed.get<std::string>()) +
                              " twice; names must differ");
        return true;
    }

private:
    const std::string& file_;
    std::vector<std::set<std::string>> keys_;
};

json parse_header(std::string_view text, const std::string& file) {
    try {
        json header = json::parse(text, header_guard(file));
        if (!header.is_object())
            refuse(file, "safetensors header is no JSON object");
        return header;
    } catch (const json::exception& bad) {
        constexpr std::size_t longest = 200;  // what() may repeat a text of any length
        refuse(file,
               std::string("safetensors header: ") + std::string(bad.what()).substr(0, longest));
    }
}

/// Non-negative integers of at most 63 bits, at most largest_rank of them.
std::vector<std::int64_t> integers(const archive& source, const std::string& name,
                                   const json& fields, const char* field) {
    const auto list = fields.find(field);
    if (list == fields.end() || !list->is_array() || list->size() > largest_rank)
        refuse(source.file, name, std::string(field) + " is no list of up to 8 integers");
    std::vector<std::int64_t> values;
    for (const json& value : *list) {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > INT64_MAX)
            refuse(source.file, name,
                   std::string(field) + " has " + value.dump() +
                       "; expected integers from 0 to 2^63-1");
        values.push_back(value.get<std::int64_t>());
    }
    return values;
}

const dtype& find_dtype(const archive& source, const std::string& name, const json& fields) {
    const auto text = fields.find("dtype");
    if (text == fields.end() || !text->is_string())
        refuse(source.file, name, "dtype is missing or no text");
    const auto known = std::ranges::find(known_dtypes, text->get<std::string>(), &dtype::name);
    if (known == std::end(known_dtypes))
        refuse(source.file, name, "unknown dtype " + quoted(text->get<std::string>()));
    return *known;
}

std::int64_t byte_size(const archive& source, const std::string& name,
                       const std::vector<std::int64_t>& extents, std::int64_t element) {
    try {
        std::int64_t size = element;
        for (const std::int64_t extent : extents)
            size = checked_multiply(size, extent);
        return size;
    } catch (const shape_error&) {
        refuse(source.file, name, "shape " + to_text(extents) + " is too large");
    }
}

entry parse_entry(const archive& source, const std::string& name, const json& fields,
                  std::span<const std::byte> data) {
    if (!fields.is_object())
        refuse(source.file, name, "expected an object with dtype, shape and data_offsets");
    const dtype& type = find_dtype(source, name, fields);
    auto extents = integers(source, name, fields, "shape");
    const auto offsets = integers(source, name, fields, "data_offsets");
    const auto available = static_cast<std::int64_t>(data.size());
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > available)
        refuse(source.file, name,
               "data_offsets " + to_text(offsets) + "; expected [begin,end] within the file's " +
                   std::to_string(available) + " bytes of data");
    const std::int64_t size = byte_size(source, name, extents, type.bytes);
    if (offsets[1] - offsets[0] != size)
        refuse(source.file, name,
               "data_offsets " + to_text(offsets) + " span " +
                   std::to_string(offsets[1] - offsets[0]) + " bytes; " + std::string(type.name) +
                   " " + to_text(extents) + " has " + std::to_string(size));
    const auto bytes =
        data.subspan(static_cast<std::size_t>(offsets[0]), static_cast<std::size_t>(size));
    return {.name = name, .type = type.type, .extents = std::move(extents), .bytes = bytes};
}

void parse_metadata(archive& into, const json& metadata) {
    if (!metadata.is_object())
        refuse(into.file, "__metadata__ is no JSON object");
    for (const auto& [key, value] : metadata.items()) {
        if (!value.is_string())
            refuse(into.file, "__metadata__ " + quoted(key) + ": expected text");
        into.metadata.emplace(key, value.get<std::string>());
    }
}

/// Sorts the entries and sees that one begins where the one before it ends, from first byte to
/// last.
void expect_gapless(archive& source, std::span<const std::byte> data) {
    std::ranges::sort(source.entries, {}, [](const entry& e) {
        return std::pair(e.bytes.data(), e.bytes.size());  // an empty tensor goes first
    });
    const std::byte* end = data.data();
    const auto offset = [&](const std::byte* p) { return std::to_string(p - data.data()); };
    for (const entry& e : source.entries) {
        if (e.bytes.data() < end)
            refuse(source.file, e.name,
                   "begins at byte " + offset(e.bytes.data()) +
                       " of the data and overlaps the tensor before it, which ends at " +
                       offset(end));
        if (e.bytes.data() > end)
            refuse(source.file, e.name,
                   "begins at byte " + offset(e.bytes.data()) + " of the data; expected " +
                       offset(end) + ", where the tensor before it ends");
        end = e.bytes.data() + e.bytes.size();
    }
    if (end != data.data() + data.size())
        refuse(source.file, "has " + std::to_string(data.size()) + " bytes of data; its tensors " +
                                "take " + offset(end));
}

}  // namespace

archive parse(std::span<const std::byte> bytes, std::string file) {
    std::uint64_t length = 0;
    if (bytes.size() < sizeof length)
        refuse(file, "has " + std::to_string(bytes.size()) + " bytes; safetensors has at least 8");
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes = bytes.subspan(sizeof length);
    if (length > std::min<std::uint64_t>(bytes.size(), largest_header))
        refuse(file, "no safetensors: claims a header of " + std::to_string(length) +
                         " bytes; at most " +
                         std::to_string(std::min<std::uint64_t>(bytes.size(), largest_header)) +
                         " are possible");
    const std::string_view text = characters(bytes.first(length));
    const auto data = bytes.subspan(length);

    archive result{.file = std::move(file)};
    const json header = parse_header(text, result.file);
    for (const auto& [name, fields] : header.items()) {
        if (name == "__metadata__")
            parse_metadata(result, fields);
        else
            result.entries.push_back(parse_entry(result, name, fields, data));
    }
    expect_gapless(result, data);
    return result;
}

}  // namespace impasto::weights::safetensors

namespace impasto::weights {

bool is_safetensors(std::span<const std::byte> bytes) {
    constexpr std::size_t header = 8;  // begins behind its length
    return bytes.size() > header && bytes[header] == std::byte{'{'};
}

archive open_safetensors(const file_pointer& file) {
    archive result = safetensors::parse(file->bytes(), file->path().string());
    result.mapping = file;
    return result;
}

}  // namespace impasto::weights
