#pragma once

#include <array>
#include <optional>
#include <vector>

#include <impasto/nn/network.hpp>

/// Layers that are folded into their neighbours.
namespace impasto::weights {

/// A BatchNorm as it is at inference, scale · (x − mean) / √(variance + epsilon) + shift, per
/// channel; variance + epsilon is positive.
struct batch_norm {
    std::vector<float> scale, shift, mean, variance;
    double epsilon = 1e-5;  ///< torch.nn.BatchNorm2d's and ONNX's, unless they say another
};

/// Makes of a convolution and the BatchNorm behind it one convolution.
void fold(const batch_norm& norm, nn::filter& into);

/// A 1×1 convolution from three channels to three: y = matrix · x + bias. The first layer of
/// AdaIN's networks, which turns RGB pixels into the input of Caffe's networks.
struct colour_layer {
    std::array<std::array<float, 3>, 3> matrix;
    std::array<float, 3> bias;
};

/// The layer as preprocessing, which is exact at every border; nothing where it mixes channels.
[[nodiscard]] std::optional<nn::preprocessing> as_preprocessing(const colour_layer& layer);

/// Makes of the layer and the convolution behind it one convolution. Exact inside the picture, and
/// at its border where pixels are repeated or reflected; zeros around the picture are zeros before
/// the layer now, no longer behind it.
void fold(const colour_layer& layer, nn::filter& into);

}  // namespace impasto::weights
