#pragma once

#include <optional>
#include <string>
#include <vector>

namespace impasto::style {

/// Loss normalisation: the factors before sums of squared differences; see docs/conventions.md. F
/// and P are feature maps of picture and photo with C channels and M = H·W positions, d = F − P,
/// G = F·Fᵀ; A is the Gram matrix of the painting, scaled to M positions:
enum class convention {
    relative,  ///< content Σd²/ΣP², style Σ(G−A)²/ΣA², total variation per pixel
    gatys,     ///< content ½Σd², style Σ(G−A)²/(4C²M²): Gatys et al. 2016, eqs. 1 and 4
    lecture,  ///< content Σd²/(4·M·C), style as gatys: Ng 2017, deeplearning.ai course 4, week 4
    neural_style,  ///< content Σd²/(M·C), style Σ(G−A)²/(C⁴M²): github.com/jcjohnson/neural-style
};

/// A layer and its weight; the weights of a list are scaled so that their sum is 1.
struct weighted_layer {
    std::string name;
    double weight = 1;
    /// The layer that is used instead if the network does not have this one; an empty name leaves
    /// the layer out. Not set: such a network is an error.
    std::optional<std::string> otherwise{};

    friend bool operator==(const weighted_layer&, const weighted_layer&) = default;
};

/// One term of the loss, before weighting.
struct layer_term {
    std::string name;
    double value = 0;
};

/// J = content_weight · Σ λ·content + style_weight · Σ λ·style + tv_weight · tv as `total`, and its
/// terms before weighting.
struct loss_terms {
    double total = 0;
    std::vector<layer_term> content, style;
    double tv = 0;
};

}  // namespace impasto::style
