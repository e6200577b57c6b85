#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <impasto/core/shape.hpp>
#include <impasto/nn/topology.hpp>
#include <impasto/ops/conv2d.hpp>

namespace impasto::nn {

/// What a node of a graph computes.
namespace op {

/// Square filters, zeros around the map, and perhaps a ReLU behind them. Filters are the network's.
struct convolution {
    std::int64_t in_channels;
    std::int64_t out_channels;
    ops::conv_geometry geometry{};
    ops::activation activation = ops::activation::none;
    friend constexpr bool operator==(const convolution& a, const convolution& b) {
        return a.in_channels == b.in_channels && a.out_channels == b.out_channels &&
               a.geometry.kernel == b.geometry.kernel && a.geometry.stride == b.geometry.stride &&
               a.geometry.padding == b.geometry.padding && a.activation == b.activation;
    }
};

/// 2×2, stride 2, rounding down; nn::view says of which kind.
struct pool {
    friend constexpr bool operator==(const pool&, const pool&) = default;
};

/// Nearest-neighbour enlargement by an integer factor.
struct upsample {
    std::int64_t factor = 2;
    friend constexpr bool operator==(const upsample&, const upsample&) = default;
};

/// ops::instance_norm. Scale and shift are the network's.
struct instance_norm {
    std::int64_t channels;
    float epsilon = 1e-5f;
    friend constexpr bool operator==(const instance_norm&, const instance_norm&) = default;
};

/// The sum of two maps of the same extents: the end of a residual block.
struct add {
    friend constexpr bool operator==(const add&, const add&) = default;
};

/// A ReLU that no convolution has fused.
struct relu {
    friend constexpr bool operator==(const relu&, const relu&) = default;
};

}  // namespace op

using any_op =
    std::variant<op::convolution, op::pool, op::upsample, op::instance_norm, op::add, op::relu>;

/// The largest kernel of a convolution.
inline constexpr std::int64_t largest_kernel = 31;

struct node {
    std::string name;                 ///< what a tap after it is called
    std::vector<std::size_t> inputs;  ///< positions of earlier nodes, or graph::picture
    any_op operation;
    friend bool operator==(const node&, const node&) = default;
};

/// A network without its filters: nodes, each after those that it reads. Only convolutions of three
/// channels read the picture.
struct graph {
    /// As an input of a node: the preprocessed pixels [1,3,H,W].
    static constexpr std::size_t picture = static_cast<std::size_t>(-1);

    std::vector<node> nodes{};

    /// Appends a node, which reads the one before it, or the picture, where no inputs are named.
    /// Returns its position.
    std::size_t add(std::string name, any_op operation, std::vector<std::size_t> inputs = {});

    friend bool operator==(const graph&, const graph&) = default;
};

/// A VGG table as a graph: node i is layer i, named as its tap, convolutions with their ReLU.
[[nodiscard]] graph vgg_graph(std::span<const layer> layers);

/// Throws option_error, which names the node: for a name that is empty or given twice, for inputs
/// that are not earlier nodes or of the wrong number, for channels that disagree, and for
/// geometries out of range.
void check(const graph& g);

/// Position of the node of this name. Throws option_error that lists the names there are.
[[nodiscard]] std::size_t find_node(const graph& g, std::string_view name);

/// Whether `last` depends on each node up to it, itself included.
[[nodiscard]] std::vector<bool> ancestors(const graph& g, std::size_t last);

/// Extents that one node makes of those of its inputs. Throws shape_error, which names the node,
/// for an addition of maps that differ and where nothing would be left.
[[nodiscard]] shape output_shape(const node& n, std::span<const shape> inputs);

/// Extents after every node for a picture [1,3,H,W]. Throws as output_shape does.
[[nodiscard]] std::vector<shape> shapes_of(const graph& g, const shape& picture);

/// Smallest height and width for which the nodes that `last` depends on still have an output; sizes
/// that an addition refuses may be larger.
[[nodiscard]] std::int64_t smallest_side(const graph& g, std::size_t last);

}  // namespace impasto::nn
