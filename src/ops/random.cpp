#include <impasto/ops/random.hpp>

#include <cmath>
#include <string>

#include <impasto/core/error.hpp>

#include "ops/checks.hpp"

namespace impasto::ops::detail {

void expect_interval(float low, float high) {
    if (!std::isfinite(low) || !std::isfinite(high) || low > high)
        throw option_error("fill_uniform: [" + std::to_string(low) + ", " + std::to_string(high) +
                           "] is not an interval; both ends must be finite and in order");
}

void expect_distribution(float mean, float deviation) {
    if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0)
        throw option_error("fill_normal: mean " + std::to_string(mean) + ", deviation " +
                           std::to_string(deviation) +
                           "; both must be finite, the deviation not negative");
}

}  // namespace impasto::ops::detail
