#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>

#include <impasto/core/error.hpp>

#include "weights/by_order.hpp"
#include "weights/describe.hpp"
#include "weights/formats.hpp"
#include "weights/wire.hpp"

// An .onnx file is a ModelProto with one graph: nodes in the order of computation, and
// initializers, which are the tensors that they refer to by name. Exporters name tensors as they
// like, so filters are found by walking the nodes. Source: github.com/onnx/onnx, onnx/onnx.proto.

namespace impasto::weights {

namespace {

namespace model {
constexpr std::uint32_t ir_version = 1, graph = 7;
}
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
    entry result{
        .name = "", .type = element_type::other, .extents = {}, .strides = {}, .bytes = {}};
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
        refuse(source, "tensor " + weights::quoted(result.name) +
                           " lies in another file; save the model with its data inside");
    if (result.bytes.empty() && size_of(result.type) == 2)
        result.unpack = [halves, file = source.file] { return unpack_halves(halves, file); };
    return result;
}

struct graph_node {
    std::string operation;
    std::vector<std::string> inputs;
    std::optional<float> epsilon{};  ///< of a BatchNorm that says it
};

struct network_graph {
    std::vector<graph_node> nodes;
    std::map<std::string, entry, std::less<>> tensors;

    /// What input number `i` of a node refers to; null where that is not a tensor of the file.
    [[nodiscard]] const entry* tensor(const graph_node& of, std::size_t i) const {
        const auto found = i < of.inputs.size() ? tensors.find(of.inputs[i]) : tensors.end();
        return found == tensors.end() ? nullptr : &found->second;
    }
};

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

/// A convolution and what follows it, in the order of computation.
struct convolution {
    entry filter;
    const entry* bias = nullptr;
    std::array<const entry*, 4> batch_norm{};  ///< scale, shift, mean, variance
    std::optional<float> epsilon{};
};

/// A classifier may be made of convolutions too.
bool is_three_by_three(const entry& filter) {
    const auto& e = filter.extents;
    return e.size() == 4 && e[2] == 3 && e[3] == 3;
}

std::vector<convolution> convolutions_of(const network_graph& graph) {
    std::vector<convolution> found;
    for (const graph_node& node : graph.nodes) {
        if (const entry* filter = graph.tensor(node, 1);
            node.operation == "Conv" && filter != nullptr && is_three_by_three(*filter))
            found.push_back({.filter = *filter, .bias = graph.tensor(node, 2)});
        if (node.operation == "BatchNormalization" && !found.empty()) {
            for (std::size_t i = 0; i < 4; ++i)
                found.back().batch_norm[i] = graph.tensor(node, i + 1);
            found.back().epsilon = node.epsilon;
        }
    }
    return found;
}

void add(archive& into, const entry* tensor, const std::string& name) {
    if (tensor == nullptr)
        return;
    into.entries.push_back(*tensor);
    into.entries.back().name = name;
}

/// What a convolution without a bias adds.
entry zeros(std::int64_t channels) {
    return {.name = "",
            .type = element_type::float32,
            .extents = {channels},
            .strides = {},
            .bytes = {},
            .unpack = [channels] {
                return std::vector<std::byte>(static_cast<std::size_t>(channels) * sizeof(float));
            }};
}

/// A node's attribute as a tensor.
entry as_tensor(float value) {
    return {.name = "", .extents = {1}, .unpack = [value] {
                const auto bytes = std::as_bytes(std::span(&value, 1));
                return std::vector(bytes.begin(), bytes.end());
            }};
}

/// Under the names that a network of this topology has elsewhere: Caffe's where the file has
/// them too, or else torchvision's.
void add_network(archive& into, const nn::topology& known, const std::vector<convolution>& layers) {
    constexpr const char* statistics[] = {".weight", ".bias", ".running_mean", ".running_var"};
    const bool as_caffe = layers.front().filter.name.find("conv1_1") != std::string::npos;
    const bool normalised = layers.front().batch_norm[0] != nullptr;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::size_t position = sequential_position(known, i, normalised);
        const std::string stem =
            as_caffe ? layer_name(known, i) : "features." + std::to_string(position);
        const entry none = zeros(layers[i].filter.extents.front());
        add(into, &layers[i].filter, stem + ".weight");
        add(into, layers[i].bias != nullptr ? layers[i].bias : &none, stem + ".bias");
        for (std::size_t k = 0; k < std::size(statistics); ++k)
            add(into, layers[i].batch_norm[k],
                "features." + std::to_string(position + 1) + statistics[k]);
        if (layers[i].epsilon) {
            const entry epsilon = as_tensor(*layers[i].epsilon);
            add(into, &epsilon, "features." + std::to_string(position + 1) + ".epsilon");
        }
    }
}

}  // namespace

bool is_onnx(std::span<const std::byte> bytes) {
    constexpr int newest_version = 64;                                    // 13 is the newest so far
    const std::string_view next_fields = "\x12\x1a\x22\x28\x32\x3a\x42";  // numbers 2 to 8
    const auto at = [&](std::size_t i) { return std::to_integer<char>(bytes[i]); };
    return bytes.size() > 2 && at(0) == (model::ir_version << 3) && at(1) > 0 &&
           at(1) <= newest_version && next_fields.find(at(2)) != std::string_view::npos;
}

archive open_onnx(const file_pointer& file) {
    archive result{.file = file->path().string(),
                   .format = file_format::onnx,
                   .metadata = {},
                   .entries = {},
                   .mapping = file};
    for (wire::reader fields(file->bytes(), result.file); const auto f = fields.next();) {
        if (!f->is_bytes(model::graph) || !result.entries.empty())
            continue;
        const network_graph graph = read_graph(result, f->bytes);
        const auto layers = convolutions_of(graph);
        std::vector<entry> filters;
        for (const convolution& layer : layers)
            filters.push_back(layer.filter);
        if (const auto known = topology_of(filters); known && !layers.empty())
            add_network(result, *known, layers);
        else
            for (const auto& [name, tensor] : graph.tensors)
                add(result, &tensor, name);
    }
    return result;
}

}  // namespace impasto::weights
