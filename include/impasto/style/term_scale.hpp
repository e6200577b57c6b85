#pragma once

#include <algorithm>
#include <cstdint>

#include <impasto/core/shape.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/style/convention.hpp>

namespace impasto::style {

/// value = factor · Σ(difference)²: how one layer's term and its share of J are formed.
struct term_scale {
    double factor;  ///< of the unweighted term
    double weight;  ///< α·λ or β·λ

    [[nodiscard]] double gradient() const { return factor * weight; }
};

/// Of Σ(F−P)² over a map's elements.
[[nodiscard]] inline double content_factor(convention loss, std::int64_t elements) {
    const auto count = static_cast<double>(elements);
    switch (loss) {
        case convention::gatys:
            return 0.5;
        case convention::lecture:
            return 1 / (4 * count);
        case convention::mean:
            break;
    }
    return 1 / count;
}

/// Of Σ(G/M − A/Mₐ)², which in the papers' Σ(G−A)²/(4C²M²) leaves 1/(4C²). norm: Σ(A/Mₐ)².
[[nodiscard]] inline double style_factor(convention loss, std::int64_t channels, double norm) {
    if (loss == convention::mean)
        return norm > 0 ? 1 / norm : 1;
    const auto count = static_cast<double>(channels);
    return 1 / (4 * count * count);
}

/// Of the squared differences of neighbours in pixels [1,C,H,W].
[[nodiscard]] inline ops::variation variation_factors(convention loss, const shape& pixels) {
    if (loss != convention::mean)
        return {1, 1};
    const auto [n, c, h, w] = pixels;
    return {1 / static_cast<double>(std::max<std::int64_t>(1, c * h * (w - 1))),
            1 / static_cast<double>(std::max<std::int64_t>(1, c * (h - 1) * w))};
}

}  // namespace impasto::style
