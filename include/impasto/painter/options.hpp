#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <impasto/core/precision.hpp>
#include <impasto/image/picture.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/pool2d.hpp>
#include <impasto/style/convention.hpp>

namespace impasto {

enum class optimizer { lbfgs, adam, gradient_descent };

/// Where the descent starts.
enum class start { content, style, noise, gray, picture };

/// A whole run. The defaults were chosen by eye for the built-in network.
struct stylize_options {
    std::int64_t size = 512;  ///< longest side of the result, in pixels; 0: the photo's own
    int scales = 0;           ///< coarse to fine; 0: chosen so that the first is about 160 pixels
    int iterations = 100;     ///< at the finest scale; each coarser one has half as many more

    impasto::optimizer optimizer = impasto::optimizer::lbfgs;
    double learning_rate = 0;  ///< of Adam and gradient descent; 0: their own choice
    double momentum = 0;       ///< gradient descent alone
    int history = 20;          ///< L-BFGS alone

    impasto::start start = impasto::start::content;
    image::picture_view start_picture{};  ///< for start::picture; resized as needed
    std::uint64_t seed = 0;

    style::convention loss = style::convention::relative;
    double content_weight = 1;
    double style_weight = 100;
    double tv_weight = 5;
    std::vector<style::weighted_layer> content_layers{{"relu4_2", 1}};
    std::vector<style::weighted_layer> style_layers{
        {"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}, {"relu4_1", 1}};
    std::vector<double> style_blend{};  ///< one for each style picture; empty: equal shares
    double style_scale = 1;  ///< size of the painting's strokes, against the photo's longest side

    ops::pool_options pooling{.kind = ops::pooling::average, .scale = 1};
    ops::border border = ops::border::replicate;
    ops::conv_algorithm algorithm = ops::conv_algorithm::fastest;
    impasto::precision precision = impasto::precision::float32;  ///< of feature maps
    ops::conv_engine conv_engine = ops::conv_engine::native;
    /// Less memory, a little more time: the largest map is computed twice instead of being kept.
    bool recompute = false;
    bool original_colors = false;  ///< luminance from the painting, colours from the photo
    double average = 0;            ///< decay of an exponential average of the iterates; 0: none
};

/// One scale of a run, before it starts.
struct scale_plan {
    std::int64_t height = 0, width = 0;
    int iterations = 0;
    std::size_t peak_bytes = 0;  ///< network, objective, optimiser and pictures
    std::int64_t macs = 0;       ///< multiply-adds of one forward pass
};

/// Where a run stands after an iteration.
struct progress {
    int scale = 0, scales = 1;  ///< from 0
    std::int64_t height = 0, width = 0;
    int iteration = 0, iterations = 0;  ///< of this scale, from 1
    style::loss_terms losses;
    /// The picture so far, in [0,1]: costs a copy, so only who wants it asks.
    std::function<image::picture()> picture;
};

/// Called after each iteration; true stops the run, which then returns the picture so far.
using observer = std::function<bool(const progress&)>;

/// Ng's recipe: from noise, by gradient descent, α = 10, β = 40, five style layers of 0.2 each, one
/// scale. Momentum 0.9, for plain descent takes thousands of iterations; 0 is the lecture to the
/// letter. relu5_1 is among the layers: leave it out for a network that ends before it.
[[nodiscard]] stylize_options lecture_preset();

}  // namespace impasto
