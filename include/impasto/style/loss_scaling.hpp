#pragma once

#include <cmath>

namespace impasto::style {

/// Dynamic loss scaling for maps of half, whose numbers run from 2⁻²⁴ to 2¹⁶: gradients are those
/// of 2^exponent · J. On their way through the network they shrink and grow; those at the pixels
/// are kept where there is room on both sides. Source: Micikevicius et al. 2018, "Mixed Precision
/// Training", section 3.2.
class loss_scaling {
public:
    [[nodiscard]] int exponent() const { return exponent_; }

    /// True if the exponent changed and the gradients must be computed again. largest: the largest
    /// |dJ/dpixels|, as it is; not finite where one was not. Where J itself is not finite, no
    /// exponent would help.
    [[nodiscard]] bool again(double largest, bool loss_is_finite) {
        const bool overflows = !std::isfinite(largest);
        const int stands_at = overflows || largest == 0 ? 0 : std::ilogb(largest) + exponent_;
        const bool fits =
            largest == 0 || (!overflows && stands_at >= lowest && stands_at <= highest);
        if (fits || !loss_is_finite || ++tries_ > most_tries) {
            tries_ = 0;
            return false;
        }
        exponent_ += overflows ? -step_back : best - stands_at;
        return true;
    }

private:
    static constexpr int lowest = -4, best = 3, highest = 10, step_back = 12, most_tries = 8;

    int exponent_ = 10;
    int tries_ = 0;  // in vain, so far
};

}  // namespace impasto::style
