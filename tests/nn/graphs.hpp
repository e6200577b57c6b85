#pragma once

// Networks that are no VGG, for tests.

#include <cstdint>
#include <string>

#include <impasto/nn/graph.hpp>

namespace support {

namespace nn = impasto::nn;
namespace op = impasto::nn::op;
using nn::graph;

inline void add_normalized(graph& g, const std::string& name, const op::convolution& c,
                           bool with_relu = true) {
    g.add(name, c);
    g.add(name + "_norm", op::instance_norm{c.out_channels, 1e-3f});
    if (with_relu)
        g.add(name + "_relu", op::relu{});
}

inline std::size_t add_residual_block(graph& g, const std::string& name, std::int64_t channels) {
    const auto from = g.nodes.size() - 1;
    add_normalized(g, name + "a", {channels, channels});
    add_normalized(g, name + "b", {channels, channels}, false);
    return g.add(name, op::add{}, {from, g.nodes.size() - 1});
}

/// The shape of Johnson et al. 2016, with few channels.
inline graph residual_network() {
    graph g;
    add_normalized(g, "wide", {3, 8, {9, 1, 4}});
    add_normalized(g, "down", {8, 17, {3, 2, 1}});
    add_residual_block(g, "block1", 17);
    add_residual_block(g, "block2", 17);
    g.add("up", op::upsample{2});
    add_normalized(g, "narrow", {17, 8});
    g.add("last", op::convolution{8, 3, {9, 1, 4}});
    return g;
}

/// What a planner may get wrong: several readers of the picture and of a map, maps added to
/// themselves, a pool beside another reader and one alone, three channels in the middle.
inline graph branching_network() {
    constexpr auto with_relu = impasto::ops::activation::relu;
    graph g;
    const auto left = g.add("left", op::convolution{3, 8, {}, with_relu});
    const auto right = g.add("right", op::convolution{3, 8, {}, with_relu}, {graph::picture});
    const auto sum = g.add("sum", op::add{}, {left, right});
    const auto pooled = g.add("pooled", op::pool{}, {right});
    const auto double_sum = g.add("double", op::add{}, {sum, sum});
    const auto alone = g.add("alone", op::convolution{8, 8, {}, with_relu}, {double_sum});
    const auto behind = g.add("behind", op::pool{}, {alone});
    const auto joined = g.add("joined", op::add{}, {pooled, behind});
    g.add("few", op::convolution{8, 3, {1, 1, 0}}, {joined});
    g.add("many", op::convolution{3, 9, {5, 2, 2}, with_relu});
    g.add("unused", op::relu{}, {sum});
    return g;
}

}  // namespace support
