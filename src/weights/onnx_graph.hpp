#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <impasto/weights/archive.hpp>

namespace impasto::weights {

struct graph_node {
    std::string operation;
    std::vector<std::string> inputs;
    std::optional<float> epsilon{};  ///< of a BatchNorm that says it
};

/// The graph of an ONNX model: its nodes in the order of computation, and its tensors by name.
struct network_graph {
    std::vector<graph_node> nodes;
    std::map<std::string, entry, std::less<>> tensors;

    /// What input number `i` of a node refers to; null where that is not a tensor of the file.
    [[nodiscard]] const entry* tensor(const graph_node& of, std::size_t i) const {
        const auto found = i < of.inputs.size() ? tensors.find(of.inputs[i]) : tensors.end();
        return found == tensors.end() ? nullptr : &found->second;
    }
};

/// Reads a GraphProto. Throws format_error.
[[nodiscard]] network_graph read_graph(const archive& source, std::span<const std::byte> message);

}  // namespace impasto::weights
