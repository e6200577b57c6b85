#pragma once

#include <cstdint>

#include <impasto/core/precision.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/pool2d.hpp>

namespace impasto::nn {

/// How a network is evaluated: the options that its layers and filters do not determine. The
/// defaults are those with which VGG networks were trained.
struct view {
    ops::pool_options pooling{};
    ops::border border = ops::border::zero;  ///< padding around the pixels
    /// For border::wrap only: number of pixels of the opposite edge that are added on each side, at
    /// least 1; feature maps are larger by them. (border::replicate affects conv1_1 only.)
    std::int64_t wrap_margin = 1;
    ops::conv_method convolution{};
    impasto::precision precision = impasto::precision::float32;  ///< of feature maps
    /// If the first layer is tapped, the backward pass computes its feature map again instead of
    /// keeping it: it is the largest and the cheapest one. Source: Chen et al. 2016, "Training Deep
    /// Nets with Sublinear Memory Cost".
    bool recompute = false;
};

}  // namespace impasto::nn
