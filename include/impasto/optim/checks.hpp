#pragma once

#include <cmath>
#include <sstream>
#include <string>

#include <impasto/core/error.hpp>

namespace impasto::optim::detail {

/// Throws option_error "name: value is not `expected`" unless `right`.
template <class Value>
void expect_option(bool right, const char* name, Value value, const char* expected) {
    if (right)
        return;
    std::ostringstream message;
    message << name << ": " << value << " is not " << expected;
    throw option_error(message.str());
}

inline void expect_positive(const char* name, double value) {
    expect_option(std::isfinite(value) && value > 0, name, value, "a positive number");
}

inline void expect_not_negative(const char* name, double value) {
    expect_option(std::isfinite(value) && value >= 0, name, value, "a number of at least 0");
}

/// For decay rates and momentum.
inline void expect_below_one(const char* name, double value) {
    expect_option(value >= 0 && value < 1, name, value, "in [0, 1)");
}

/// Throws divergence_error unless J and the largest element of its gradient are finite.
inline void expect_finite(const char* optimiser, double loss, float largest_gradient) {
    if (std::isfinite(loss) && std::isfinite(largest_gradient))
        return;
    std::ostringstream message;
    message << optimiser << ": J is " << loss << " and its gradient reaches " << largest_gradient
            << "; both must be finite: change the initial x, or take smaller steps";
    throw divergence_error(message.str());
}

}  // namespace impasto::optim::detail
