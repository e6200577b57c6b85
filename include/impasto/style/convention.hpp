#pragma once

#include <optional>
#include <string>
#include <vector>

namespace impasto::style {

/// How squared differences become one number; docs/conventions.md has the table. With feature maps
/// F of the picture and P of the photo, of C channels and M = H·W pixels, d = F − P, G = F·Fᵀ of
/// the picture, A that of the style, brought to M pixels:
enum class convention {
    relative,  ///< content Σd²/ΣP², style Σ(G−A)²/ΣA², total variation per pixel
    gatys,     ///< content ½Σd², style Σ(G−A)²/(4C²M²): Gatys et al. 2016, eqs. 1 and 4
    lecture,  ///< content Σd²/(4·M·C), style as gatys: Ng 2017, deeplearning.ai course 4, week 4
    neural_style,  ///< content Σd²/(M·C), style Σ(G−A)²/(C⁴M²): github.com/jcjohnson/neural-style
};

/// A layer and how much it counts among its kind; the weights of a list are brought to sum 1.
struct weighted_layer {
    std::string name;
    double weight = 1;
    /// What the painter takes for a network that ends before this layer: another layer, or none
    /// where this is empty. Not set: such a network is refused.
    std::optional<std::string> otherwise{};

    friend bool operator==(const weighted_layer&, const weighted_layer&) = default;
};

/// One term of the loss, before its weight.
struct layer_term {
    std::string name;
    double value = 0;
};

/// J = content_weight · Σ λ·content + style_weight · Σ λ·style + tv_weight · tv, and its terms
/// unweighted.
struct loss_terms {
    double total = 0;
    std::vector<layer_term> content, style;
    double tv = 0;
};

}  // namespace impasto::style
