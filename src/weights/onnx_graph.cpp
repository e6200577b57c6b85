#include "weights/onnx_graph.hpp"

#include <cstring>

#include <impasto/core/error.hpp>

#include "core/describe.hpp"
#include "formats/wire.hpp"

// Numbers of fields: github.com/onnx/onnx, onnx/onnx.proto.

namespace impasto::weights {

namespace {

namespace wire = formats::wire;

namespace graph {
constexpr std::uint32_t node = 1, initializer = 5;
}
namespace node {
constexpr std::uint32_t input = 1, op_type = 4, attribute = 5;
}
namespace attribute {
constexpr std::uint32_t name = 1, number = 2;
}
namespace tensor {
constexpr std::uint32_t dims = 1, data_type = 2, float_data = 4, int32_data = 5, name = 8,
                        raw_data = 9, double_data = 10, external_data = 13, data_location = 14;
}

[[noreturn]] void refuse(const archive& source, const std::string& what) {
    throw format_error(source.file + ": " + what);
}

element_type type_of(std::uint64_t data_type) {
    switch (data_type) {
        case 1:
            return element_type::float32;
        case 10:
            return element_type::float16;
        case 11:
            return element_type::float64;
        case 16:
            return element_type::bfloat16;
        default:
            return element_type::other;
    }
}

/// Halves are also stored as a list of variable-length numbers.
std::vector<std::byte> unpack_halves(std::span<const std::byte> packed, const std::string& file) {
    std::vector<std::byte> bytes;
    for (wire::reader numbers(packed, file); !numbers.at_end();) {
        const auto bits = static_cast<std::uint16_t>(numbers.varint());
        bytes.push_back(static_cast<std::byte>(bits & 0xff));
        bytes.push_back(static_cast<std::byte>(bits >> 8));
    }
    return bytes;
}

void add_extents(const archive& source, entry& into, const wire::field& f) {
    constexpr std::size_t largest_rank = 8;
    if (f.type == wire::kind::varint)
        into.extents.push_back(static_cast<std::int64_t>(f.value));
    else
        for (wire::reader packed(f.bytes, source.file); !packed.at_end();)
            if (into.extents.size() <= largest_rank)
                into.extents.push_back(static_cast<std::int64_t>(packed.varint()));
            else
                (void)packed.varint();
    if (into.extents.size() > largest_rank)
        refuse(source, "a tensor has more than 8 dimensions");
}

entry read_tensor(const archive& source, const wire::field& message) {
    entry result{.type = element_type::other};
    bool elsewhere = false;
    std::span<const std::byte> halves;
    for (wire::reader fields(message.bytes, source.file); const auto f = fields.next();) {
        switch (f->number) {
            case tensor::dims:
                add_extents(source, result, *f);
                break;
            case tensor::data_type:
                result.type = type_of(f->value);
                break;
            case tensor::name:
                result.name = f->text();
                break;
            case tensor::raw_data:
            case tensor::float_data:
            case tensor::double_data:
                result.bytes = f->bytes;
                break;
            case tensor::int32_data:
                halves = f->bytes;
                break;
            case tensor::external_data:
                elsewhere = true;
                break;
            case tensor::data_location:
                elsewhere |= f->value != 0;
                break;
            default:
                break;
        }
    }
    if (elsewhere)
        refuse(source, "tensor " + impasto::quoted(result.name) +
                           " is stored in another file; save the model with its data inside");
    if (result.bytes.empty() && size_of(result.type) == 2)
        result.unpack = [halves, file = source.file] { return unpack_halves(halves, file); };
    return result;
}

/// The number of an attribute of this name; nothing where it has another.
std::optional<float> read_number(const archive& source, const wire::field& message,
                                 std::string_view name) {
    bool is_named_so = false;
    std::optional<float> found;
    for (wire::reader fields(message.bytes, source.file); const auto f = fields.next();) {
        if (f->is_bytes(attribute::name))
            is_named_so = f->text() == name;
        if (f->number == attribute::number && f->type == wire::kind::fixed32) {
            found.emplace();
            std::memcpy(&*found, f->bytes.data(), sizeof *found);
        }
    }
    return is_named_so ? found : std::nullopt;
}

graph_node read_node(const archive& source, const wire::field& message) {
    graph_node result;
    constexpr std::size_t most_inputs = 16;
    for (wire::reader fields(message.bytes, source.file); const auto f = fields.next();) {
        if (f->is_bytes(node::op_type))
            result.operation = f->text();
        if (f->is_bytes(node::input) && result.inputs.size() < most_inputs)
            result.inputs.emplace_back(f->text());
        if (f->is_bytes(node::attribute) && !result.epsilon)
            result.epsilon = read_number(source, *f, "epsilon");
    }
    return result;
}

}  // namespace

network_graph read_graph(const archive& source, std::span<const std::byte> message) {
    constexpr std::size_t most_items = 10'000;
    network_graph result;
    for (wire::reader fields(message, source.file); const auto f = fields.next();) {
        if (f->is_bytes(graph::node))
            result.nodes.push_back(read_node(source, *f));
        if (f->is_bytes(graph::initializer)) {
            entry tensor = read_tensor(source, *f);
            std::string name = tensor.name;
            result.tensors.insert_or_assign(std::move(name), std::move(tensor));
        }
        if (result.nodes.size() + result.tensors.size() > most_items)
            refuse(source, "has more than " + std::to_string(most_items) + " nodes and tensors");
    }
    return result;
}

}  // namespace impasto::weights
