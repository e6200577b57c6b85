#include <array>
#include <optional>

#include "formats/wire.hpp"
#include "weights/by_order.hpp"
#include "weights/formats.hpp"
#include "weights/onnx_graph.hpp"

// An .onnx file is a ModelProto with one graph: nodes in the order of computation, and
// initializers, which are the tensors that they refer to by name. Exporters name tensors as they
// like, so filters are found by walking the nodes. Source: github.com/onnx/onnx, onnx/onnx.proto.

namespace impasto::weights {

namespace {

namespace wire = formats::wire;

namespace model {
constexpr std::uint32_t ir_version = 1, graph = 7;
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
    return {.extents = {channels}, .unpack = [channels] {
                return std::vector<std::byte>(static_cast<std::size_t>(channels) * sizeof(float));
            }};
}

/// A node's attribute as a tensor.
entry as_tensor(float value) {
    return {.extents = {1}, .unpack = [value] {
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
    archive result{.file = file->path().string(), .format = file_format::onnx, .mapping = file};
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
