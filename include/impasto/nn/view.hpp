#pragma once

#include <cstdint>

#include <impasto/core/precision.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/pool2d.hpp>

namespace impasto::nn {

/// How a network looks at a picture: what its layers and filters leave open. The defaults are how
/// VGG networks were trained.
struct view {
    ops::pool_options pooling{};
    ops::border border = ops::border::zero;  ///< around the pixels
    /// border::wrap alone: so many pixels of the opposite edge go through the network too, at
    /// least 1. Maps are larger by them. (border::replicate serves conv1_1 alone.)
    std::int64_t wrap_margin = 1;
    ops::conv_method convolution{};
    impasto::precision precision = impasto::precision::float32;  ///< of feature maps
    /// Where the first layer is tapped, the backward pass computes its map again instead of keeping
    /// it: it is the largest of all and the cheapest. Source: Chen et al. 2016, "Training Deep Nets
    /// with Sublinear Memory Cost".
    bool recompute = false;
};

}  // namespace impasto::nn
