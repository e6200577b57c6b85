#pragma once

#include <cmath>

namespace impasto::style {

/// Keeps gradients of half's maps within its range, which ends at 2⁻²⁴ and 2¹⁶: they are those of
/// 2^exponent · J. On their way down they shrink and grow; those at the pixels are kept where there
/// is room on both sides.
class gradient_range {
public:
    [[nodiscard]] int exponent() const { return exponent_; }

    /// Whether gradients are to be formed again, with another exponent. largest: the largest
    /// |dJ/dpixels|, as it is; not finite where one was not. A J that is not finite is no fault of
    /// the exponent's.
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
