#include <impasto/weights/safetensors.hpp>

#include <nlohmann/json.hpp>

#include <impasto/core/file.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/shape.hpp>

#include "weights/describe.hpp"

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

}  // namespace

std::vector<std::byte> serialize(std::span<const named_values> tensors,
                                 const std::map<std::string, std::string>& metadata,
                                 precision stored_as) {
    const bool wide = stored_as == precision::float32;
    json header = json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::size_t end = 0;
    for (const named_values& tensor : tensors) {
        std::int64_t elements = 1;
        for (const std::int64_t extent : tensor.extents)
            elements = checked_multiply(elements, extent);
        if (elements != static_cast<std::int64_t>(tensor.values.size()))
            throw shape_error("tensor " + quoted(tensor.name) + ": " + to_text(tensor.extents) +
                              " has " + std::to_string(elements) + " elements, given are " +
                              std::to_string(tensor.values.size()));
        const std::size_t begin = end;
        end += tensor.values.size() * (wide ? 4 : 2);
        header[tensor.name] = {{"dtype", wide ? "F32" : "F16"},
                               {"shape", tensor.extents},
                               {"data_offsets", {begin, end}}};
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');

    std::vector<std::byte> bytes;
    const std::uint64_t length = text.size();
    append(bytes, &length, sizeof length);
    append(bytes, text.data(), text.size());
    for (const named_values& tensor : tensors)
        append_values(bytes, tensor.values, stored_as);
    return bytes;
}

void write(const std::filesystem::path& file, std::span<const named_values> tensors,
           const std::map<std::string, std::string>& metadata, precision stored_as) {
    write_atomically(file, serialize(tensors, metadata, stored_as));
}

}  // namespace impasto::weights::safetensors
