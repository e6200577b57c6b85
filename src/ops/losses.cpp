#include <impasto/ops/losses.hpp>

#include "ops/checks.hpp"

namespace impasto::ops::detail {

void expect_squared_error(const form& features, const form& target, const form& gradient,
                          const form& sum) {
    expect_alike("squared_error", "target", features, target);
    if (!gradient.empty)
        expect_alike("squared_error", "gradient", features, gradient);
    expect_slots("squared_error", "sum", 1, sum);
}

void expect_total_variation(const form& pixels, const form& gradient, const form& sums) {
    expect_layout("total_variation", "pixels", layout::nchw, pixels.order);
    if (!gradient.empty)
        expect_alike("total_variation", "gradient", pixels, gradient);
    expect_slots("total_variation", "sums", 2, sums);
}

}  // namespace impasto::ops::detail
