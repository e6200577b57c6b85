#include <impasto/weights/safetensors.hpp>

#include <nlohmann/json.hpp>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/shape.hpp>

#include "core/describe.hpp"
#include "core/elements.hpp"
#include "weights/dtype.hpp"

namespace impasto::weights::safetensors {

using nlohmann::json;

namespace {

void append(std::vector<std::byte>& bytes, const void* from, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(from);
    bytes.insert(bytes.end(), begin, begin + size);
}

void append_values(std::vector<std::byte>& bytes, std::span<const float> values,
                   precision stored_as) {
    if (stored_as == precision::float32)
        return append(bytes, values.data(), values.size_bytes());
    for (const float value : values) {
        const std::uint16_t bits = half(value).bits();
        append(bytes, &bits, sizeof bits);
    }
}

/// What the header says of a tensor.
struct described {
    const std::string& name;
    std::string dtype;
    const std::vector<std::int64_t>& extents;
    std::size_t element_bytes, elements;
};

/// The file up to its data.
std::vector<std::byte> head(std::span<const described> tensors,
                            const std::map<std::string, std::string>& metadata) {
    json header = json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::size_t end = 0;
    for (const described& tensor : tensors) {
        const std::int64_t elements = elements_of(tensor.extents);
        if (elements != static_cast<std::int64_t>(tensor.elements))
            throw shape_error("tensor " + quoted(tensor.name) + ": " + to_text(tensor.extents) +
                              " has " + std::to_string(elements) + " elements, given are " +
                              std::to_string(tensor.elements));
        const std::size_t begin = end;
        end += tensor.elements * tensor.element_bytes;
        header[tensor.name] = {
            {"dtype", tensor.dtype}, {"shape", tensor.extents}, {"data_offsets", {begin, end}}};
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    std::vector<std::byte> bytes;
    const std::uint64_t length = text.size();
    append(bytes, &length, sizeof length);
    append(bytes, text.data(), text.size());
    return bytes;
}

}  // namespace

std::vector<std::byte> serialize(std::span<const named_values> tensors,
                                 const std::map<std::string, std::string>& metadata,
                                 precision stored_as) {
    const bool wide = stored_as == precision::float32;
    std::vector<described> descriptions;
    for (const named_values& tensor : tensors)
        descriptions.push_back({tensor.name, wide ? "F32" : "F16", tensor.extents,
                                wide ? sizeof(float) : sizeof(half), tensor.values.size()});
    auto bytes = head(descriptions, metadata);
    for (const named_values& tensor : tensors)
        append_values(bytes, tensor.values, stored_as);
    return bytes;
}

std::vector<std::byte> serialize(std::span<const named_bytes> tensors,
                                 const std::map<std::string, std::string>& metadata) {
    std::vector<described> descriptions;
    for (const named_bytes& tensor : tensors) {
        const std::size_t element = bytes_of(tensor.dtype);
        if (element == 0)
            throw option_error("tensor " + quoted(tensor.name) + ": safetensors has no dtype " +
                               quoted(tensor.dtype));
        if (tensor.bytes.size() % element != 0)
            throw shape_error("tensor " + quoted(tensor.name) + ": " +
                              std::to_string(tensor.bytes.size()) + " bytes are no elements of " +
                              tensor.dtype);
        descriptions.push_back(
            {tensor.name, tensor.dtype, tensor.extents, element, tensor.bytes.size() / element});
    }
    auto bytes = head(descriptions, metadata);
    for (const named_bytes& tensor : tensors)
        append(bytes, tensor.bytes.data(), tensor.bytes.size());
    return bytes;
}

void write(const std::filesystem::path& file, std::span<const named_values> tensors,
           const std::map<std::string, std::string>& metadata, precision stored_as) {
    write_atomically(file, serialize(tensors, metadata, stored_as));
}

}  // namespace impasto::weights::safetensors
