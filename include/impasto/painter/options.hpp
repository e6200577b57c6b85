#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/nn/view.hpp>
#include <impasto/style/convention.hpp>

namespace impasto {

enum class optimizer { lbfgs, adam, gradient_descent };

/// The initial picture.
enum class start { content, style, noise, gray, picture };

inline constexpr std::int64_t automatic_margin = -1;

/// The options of a whole run. The defaults are suitable for every network; docs/conventions.md
/// says how they were chosen.
struct stylize_options {
    std::int64_t size = 512;  ///< longest side of the result, in pixels; 0: the photo's own
    /// Number of scales, coarse to fine. 0: the shorter side at the first scale is about 128
    /// pixels; one scale for start::picture, which would lose detail at a smaller one. Scales too
    /// small for a layer are left out.
    int scales = 0;
    double scale_growth = 16.0 / 9;  ///< factor between two scales
    int iterations = 80;  ///< at the finest scale; each coarser one has half this number more

    impasto::optimizer optimizer = impasto::optimizer::lbfgs;
    /// Adam: about the change of a pixel value in [0,1] in one step; 0: 0.02, five levels of 255.
    /// Gradient descent: the factor of dJ/dpixels; 0: automatic (optim::gradient_descent_options).
    /// L-BFGS does not use it.
    double learning_rate = 0;
    double momentum = 0;  ///< gradient descent only
    int history = 20;     ///< L-BFGS only

    impasto::start start = impasto::start::content;
    image::picture_view start_picture{};  ///< for start::picture; resized as needed
    /// Standard deviation of the noise that is added to the initial picture (to grey for
    /// start::noise), except for start::picture. Without noise, flat areas stay flat.
    double start_noise = 0.05;
    std::uint64_t seed = 0;

    style::convention loss = style::convention::relative;
    double content_weight = 1;
    double style_weight = 100;
    double tv_weight = 1;
    std::vector<style::weighted_layer> content_layers{{"relu4_2", 1}};
    std::vector<style::weighted_layer> style_layers{
        {"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}, {"relu4_1", 1}, {"relu5_1", 1, "relu4_2"}};
    std::vector<double> style_blend{};  ///< weight of each style picture; empty: equal weights
    double style_scale = 1;             ///< longest side of the paintings over that of the result

    nn::view view{.border = ops::border::replicate};
    /// Pixels painted beyond each edge of the picture and cut off at the end. Networks pad their
    /// feature maps with zeros, which causes a frame along the edge; the margin keeps it outside.
    /// The photo is mirrored into the margin. automatic_margin: half of the receptive field of the
    /// deepest layer with a stride of up to 8.
    std::int64_t margin = automatic_margin;
    bool original_colors = false;  ///< luminance from the painting, colours from the photo
    double average = 0;            ///< decay of an exponential average of the iterates; 0: none
};

/// One scale of a run, before it starts.
struct scale_plan {
    std::int64_t height = 0, width = 0;
    int iterations = 0;
    std::size_t peak_bytes = 0;  ///< of network, objective, optimiser and pictures
    std::int64_t macs = 0;       ///< multiply-adds of one forward pass
};

/// The state of a run after an iteration.
struct progress {
    int scale = 0, scales = 1;  ///< counted from 0
    std::int64_t height = 0, width = 0;
    int iteration = 0, iterations = 0;  ///< of this scale, counted from 1
    style::loss_terms losses;
    /// Returns a copy of the picture so far, in [0,1], made when it is called. Throws option_error
    /// after the end of the run.
    std::function<image::picture()> picture;
};

/// Called after each iteration. If it returns true, the run stops and returns the picture so far.
using observer = std::function<bool(const progress&)>;

/// Published recipes: loss normalisation, weights, layers, pooling, border, initial picture. Each
/// returns options that can be changed; docs/conventions.md compares them.

/// Ng 2017, deeplearning.ai course 4, week 4: from noise, by plain gradient descent, α = 10, β =
/// 40, five style layers of 0.2 each, average pooling, one scale. For a network whose layers
/// have a mean activation of 1 (weights::normalized_unit::layer): with Oxford's original filters,
/// the style term dominates.
[[nodiscard]] stylize_options lecture_preset();
/// Gatys, Ecker, Bethge 2016: from noise, by L-BFGS, α/β = 10⁻³, five style layers of 0.2 each,
/// average pooling, one scale. For a network with normalised activations
/// (weights::normalize_activations).
[[nodiscard]] stylize_options gatys_preset();
/// Johnson 2015, github.com/jcjohnson/neural-style: weights 5, 100 and 10⁻³ in its own units, from
/// noise, by L-BFGS with 100 corrections, maximum pooling, 1000 iterations, one scale.
/// start::content corresponds to its `-init image`.
[[nodiscard]] stylize_options neural_style_preset();
/// Crowson 2021, github.com/crowsonkb/style-transfer-pytorch: Adam, scales that grow by √2, style
/// layers weighted 256 : 64 : 16 : 4 : 1, an average of the iterates with decay 0.99. The original
/// uses a Wasserstein distance as style loss and scales the content loss by the norm of its
/// gradient; this preset uses the relative loss for both.
[[nodiscard]] stylize_options crowsonkb_preset();

}  // namespace impasto
