#pragma once

#include <array>
#include <string>
#include <vector>

#include <impasto/core/tensor.hpp>
#include <impasto/nn/graph.hpp>
#include <impasto/nn/topology.hpp>

namespace impasto::nn {

enum class channel_order { rgb, bgr };

/// What a network wants to see in place of sRGB pixels in [0,1]:
/// value = (pixel · scale − mean) / deviation, per channel of its own order.
struct preprocessing {
    float scale = 1;
    std::array<float, 3> mean{};
    std::array<float, 3> deviation{1, 1, 1};
    channel_order order = channel_order::rgb;

    friend bool operator==(const preprocessing&, const preprocessing&) = default;
};

/// torchvision's models and most that came after: RGB in [0,1], ImageNet's mean and deviation.
inline constexpr preprocessing torchvision_preprocessing{
    .scale = 1, .mean = {0.485f, 0.456f, 0.406f}, .deviation = {0.229f, 0.224f, 0.225f}};

/// The authors' Caffe models: BGR in [0,255] minus the mean.
inline constexpr preprocessing caffe_preprocessing{
    .scale = 255, .mean = {103.939f, 116.779f, 123.68f}, .order = channel_order::bgr};

/// The same with the channels of the filters turned round: MatConvNet's files.
inline constexpr preprocessing caffe_rgb_preprocessing{
    .scale = 255, .mean = {123.68f, 116.779f, 103.939f}, .order = channel_order::rgb};

/// Keras' "tf" mode: RGB in [-1,1].
inline constexpr preprocessing tensorflow_preprocessing{.scale = 2, .mean = {1, 1, 1}};

/// One convolution's parameters, on the host.
struct filter {
    tensor<float, cpu> weights;  ///< [out, in, k, k]
    tensor<float, cpu> bias;     ///< [1, out, 1, 1]; may be empty in a graph
};

/// One instance norm's parameters, on the host.
struct affine {
    tensor<float, cpu> scale, shift;  ///< [1, C, 1, 1]
};

/// A table or a graph, its filters, and the input that they were trained on. What every weight file
/// becomes.
struct network {
    std::string name;             ///< the topology's: "vgg19"
    std::vector<layer> layers;    ///< a prefix of a known topology
    std::vector<filter> filters;  ///< one for each convolution, in order
    preprocessing input;
    std::string origin;  ///< how the file was recognised: "torchvision", "Caffe", "impasto"
    std::string note{};  ///< one line on what is not certain about it; empty where all is
    /// Of a network from nn::rescaled, for each convolution: its maps are the true ones divided by
    /// 2^exponent. Empty: they are the true ones.
    std::vector<int> exponents{};
    /// Of a network that no table describes; `layers` is empty then. See graph_of.
    nn::graph graph{};
    std::vector<affine> norms{};  ///< one for each instance norm of the graph, in order
};

/// The network's graph: its own, or what its table makes.
[[nodiscard]] inline nn::graph graph_of(const network& net) {
    return net.graph.nodes.empty() ? vgg_graph(net.layers) : net.graph;
}

}  // namespace impasto::nn
