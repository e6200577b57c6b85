#pragma once

#include <algorithm>
#include <cstdint>

#include <impasto/core/shape.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/style/convention.hpp>

namespace impasto::style {

/// The term of one layer is factor · Σ(difference)²; its share of J is weight · term.
struct term_scale {
    double factor;  ///< loss normalisation
    double weight;  ///< α·λ or β·λ

    [[nodiscard]] double gradient() const { return factor * weight; }
};

/// 1/norm; 1 for a target that is zero everywhere.
[[nodiscard]] inline double relative_to(double norm) {
    return norm > 0 ? 1 / norm : 1;
}

/// The factor of Σ(F−P)² over the elements of a feature map. norm: ΣP².
[[nodiscard]] inline double content_factor(convention loss, std::int64_t elements, double norm) {
    const auto count = static_cast<double>(elements);
    switch (loss) {
        case convention::gatys:
            return 0.5;
        case convention::lecture:
            return 1 / (4 * count);
        case convention::neural_style:
            return 1 / count;
        case convention::relative:
            break;
    }
    return relative_to(norm);
}

/// The factor of Σ(G/M − A/Mₐ)²; Σ(G−A)²/(4C²M²) of the papers becomes 1/(4C²). norm: Σ(A/Mₐ)².
[[nodiscard]] inline double style_factor(convention loss, std::int64_t channels, double norm) {
    if (loss == convention::relative)
        return relative_to(norm);
    const auto squared = static_cast<double>(channels * channels);
    return loss == convention::neural_style ? 1 / (squared * squared) : 1 / (4 * squared);
}

/// The factors of the squared differences of neighbours in pixels [1,C,H,W].
[[nodiscard]] inline ops::variation variation_factors(convention loss, const shape& pixels) {
    if (loss == convention::neural_style)  // half the squares of values in 0..255
        return {0.5 * 255 * 255, 0.5 * 255 * 255, true};
    if (loss != convention::relative)
        return {1, 1};
    const auto [n, c, h, w] = pixels;
    return {1 / static_cast<double>(std::max<std::int64_t>(1, c * h * (w - 1))),
            1 / static_cast<double>(std::max<std::int64_t>(1, c * (h - 1) * w))};
}

}  // namespace impasto::style
