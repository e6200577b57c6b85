#include <algorithm>

#include <impasto/core/error.hpp>

#include "formats/wire.hpp"
#include "weights/formats.hpp"

// A .caffemodel is a NetParameter, of which the layers' names and blobs matter: blob 0 of a
// convolution is its filter [out,in,kh,kw], blob 1 its bias. Two generations of layers are about.
// Source: github.com/BVLC/caffe, src/caffe/proto/caffe.proto.

namespace impasto::weights {

namespace {

namespace wire = formats::wire;

struct layer_numbers {
    std::uint32_t layer, name, blobs;
};
constexpr layer_numbers generations[] = {{.layer = 2, .name = 4, .blobs = 6},     // V1
                                         {.layer = 100, .name = 1, .blobs = 7}};  // since 2014

/// Of BlobProto. Four extents have a field each; since 2014 they are a message.
namespace blob {
constexpr std::uint32_t num = 1, width = 4, data = 5, shape = 7, double_data = 8;
}

void add_extent(archive& into, std::vector<std::int64_t>& extents, std::uint64_t extent) {
    constexpr std::size_t largest_rank = 8;
    if (extents.size() == largest_rank)
        throw format_error(into.file + ": a blob has more than 8 dimensions");
    extents.push_back(static_cast<std::int64_t>(extent));
}

std::vector<std::int64_t> read_shape(archive& into, const wire::field& shape) {
    constexpr std::uint32_t dim = 1;
    std::vector<std::int64_t> extents;
    for (wire::reader fields(shape.bytes, into.file); const auto f = fields.next();) {
        if (f->is_varint(dim))
            add_extent(into, extents, f->value);
        if (f->is_bytes(dim))
            for (wire::reader packed(f->bytes, into.file); !packed.at_end();)
                add_extent(into, extents, packed.varint());
    }
    return extents;
}

/// The numbers are one run of bytes, as every program writes them; a message could have more runs,
/// and then the last counts.
void add_blob(archive& into, const wire::field& message, const std::string& name) {
    entry tensor{.name = name};
    std::vector<std::int64_t> legacy(4, 1);
    for (wire::reader fields(message.bytes, into.file); const auto f = fields.next();) {
        if (f->is_bytes(blob::shape)) {
            tensor.extents = read_shape(into, *f);
        } else if (f->type == wire::kind::varint && f->number <= blob::width) {
            legacy[f->number - blob::num] = static_cast<std::int64_t>(f->value);
        } else if (f->is_bytes(blob::data) || f->is_bytes(blob::double_data)) {
            tensor.type = f->number == blob::data ? element_type::float32 : element_type::float64;
            tensor.bytes = f->bytes;
        }
    }
    if (tensor.extents.empty())
        tensor.extents = legacy;
    while (tensor.extents.size() > 1 && tensor.extents.front() == 1)
        tensor.extents.erase(tensor.extents.begin());  // a bias was [1,1,1,out]
    into.entries.push_back(std::move(tensor));
}

void add_layer(archive& into, const wire::field& layer, const layer_numbers& numbers) {
    constexpr std::size_t most_blobs = 10'000;
    constexpr const char* parts[] = {".weight", ".bias"};
    std::string name;
    std::vector<wire::field> blobs;
    for (wire::reader fields(layer.bytes, into.file); const auto f = fields.next();) {
        if (f->is_bytes(numbers.name))
            name = f->text();
        if (f->is_bytes(numbers.blobs) && blobs.size() < std::size(parts))
            blobs.push_back(*f);
    }
    for (std::size_t i = 0; i < std::min(blobs.size(), std::size(parts)); ++i)
        add_blob(into, blobs[i], name + parts[i]);
    if (into.entries.size() > most_blobs)
        throw format_error(into.file + ": has more than " + std::to_string(most_blobs) + " blobs");
}

bool is_printable(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// Whether a layer begins with its name or has one soon.
bool has_name(const wire::field& layer, const layer_numbers& numbers, const std::string& file) {
    for (wire::reader fields(layer.bytes, file); const auto f = fields.next();)
        if (f->is_bytes(numbers.name))
            return is_printable(f->text());
    return false;
}

}  // namespace

bool is_caffe(std::span<const std::byte> bytes) {
    constexpr std::uint32_t name = 1, soon = 64;
    const std::string unnamed;
    try {
        wire::reader fields(bytes, unnamed);
        for (std::uint32_t seen = 0; seen < soon; ++seen) {
            const auto f = fields.next();
            if (!f || (f->is_bytes(name) && !is_printable(f->text())))
                return false;
            for (const layer_numbers& numbers : generations)
                if (f->is_bytes(numbers.layer))
                    return has_name(*f, numbers, unnamed);
        }
    } catch (const format_error&) {
    }
    return false;
}

archive open_caffe(const file_pointer& file) {
    archive result{.file = file->path().string(), .format = file_format::caffe, .mapping = file};
    for (wire::reader fields(file->bytes(), result.file); const auto f = fields.next();)
        for (const layer_numbers& numbers : generations)
            if (f->is_bytes(numbers.layer))
                add_layer(result, *f, numbers);
    return result;
}

}  // namespace impasto::weights
