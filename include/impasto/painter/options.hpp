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

/// Where the descent starts.
enum class start { content, style, noise, gray, picture };

inline constexpr std::int64_t automatic_margin = -1;

/// A whole run. The defaults hold for every network; docs/quality.md has the measurements that they
/// were chosen by.
struct stylize_options {
    std::int64_t size = 512;  ///< longest side of the result, in pixels; 0: the photo's own
    /// Coarse to fine. 0: chosen so that the shorter side of the first is about 128 pixels; one for
    /// start::picture, whose detail a smaller scale would lose. Scales too small for a layer are
    /// left out.
    int scales = 0;
    double scale_growth = 16.0 / 9;  ///< between two scales
    int iterations = 80;  ///< at the finest scale; each coarser one has half as many more

    impasto::optimizer optimizer = impasto::optimizer::lbfgs;
    /// Adam: about how far a value of a pixel, in [0,1], moves in one step; 0: 0.02, five levels of
    /// 255. Gradient descent: the factor of dJ/dpixels; 0: chosen
    /// (optim::gradient_descent_options).
    double learning_rate = 0;
    double momentum = 0;  ///< gradient descent alone
    int history = 20;     ///< L-BFGS alone

    impasto::start start = impasto::start::content;
    image::picture_view start_picture{};  ///< for start::picture; resized as needed
    /// Standard deviation of the noise that is added to every start but start::picture, for
    /// start::noise to grey. Where a photo is flat, no stroke begins without it.
    double start_noise = 0.05;
    std::uint64_t seed = 0;

    style::convention loss = style::convention::relative;
    double content_weight = 1;
    double style_weight = 100;
    double tv_weight = 1;
    std::vector<style::weighted_layer> content_layers{{"relu4_2", 1}};
    std::vector<style::weighted_layer> style_layers{
        {"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}, {"relu4_1", 1}, {"relu5_1", 1, "relu4_2"}};
    std::vector<double> style_blend{};  ///< one for each style picture; empty: equal shares
    double style_scale = 1;  ///< size of the painting's strokes, against the photo's longest side

    nn::view view{.border = ops::border::replicate};
    /// Pixels painted beyond each edge of the picture, and cut off at the end. The networks pad
    /// their maps with zeros, which would paint a frame round the picture; this keeps it outside.
    /// The photo goes on there, mirrored. automatic_margin: half of the receptive field of the
    /// deepest layer with a stride of up to 8.
    std::int64_t margin = automatic_margin;
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
    /// The picture so far, in [0,1]: costs a copy, so ask for it only when needed. Throws
    /// option_error once the run has ended.
    std::function<image::picture()> picture;
};

/// Called after each iteration; true stops the run, which then returns the picture so far.
using observer = std::function<bool(const progress&)>;

/// Published recipes, as they were published: losses, weights, layers, pooling, border, start. Each
/// is an option set to begin with; docs/conventions.md compares them.

/// Ng 2017, deeplearning.ai course 4, week 4: from noise, by plain gradient descent, α = 10, β =
/// 40, five style layers of 0.2 each, average pooling, one scale. For a network whose layers
/// have a mean activation of 1 (weights::normalized_unit::layer): with Oxford's filters as they
/// are, these weights drown the photo.
[[nodiscard]] stylize_options lecture_preset();
/// Gatys, Ecker, Bethge 2016: from noise, by L-BFGS, α/β = 10⁻³, five style layers of 0.2 each,
/// average pooling, one scale. For a network with normalised activations
/// (weights::normalize_activations).
[[nodiscard]] stylize_options gatys_preset();
/// Johnson 2015, github.com/jcjohnson/neural-style: weights 5, 100 and 10⁻³ in its own units, from
/// noise, by L-BFGS with 100 corrections, maximum pooling, 1000 iterations, one scale.
/// start::content is its `-init image`.
[[nodiscard]] stylize_options neural_style_preset();
/// Crowson 2021, github.com/crowsonkb/style-transfer-pytorch: Adam, scales that grow by √2, style
/// layers weighted 256 : 64 : 16 : 4 : 1, an average of the iterates with decay 0.99. Its style
/// loss is a Wasserstein distance and its content loss is scaled by the gradient's norm; here both
/// are the relative loss.
[[nodiscard]] stylize_options crowsonkb_preset();

}  // namespace impasto
