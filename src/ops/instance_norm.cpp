#include <impasto/ops/instance_norm.hpp>

#include <string>

#include "ops/checks.hpp"

namespace impasto::ops::detail {

void expect_instance_norm(const char* operation, float epsilon, const form& input,
                          const form& output) {
    if (!(epsilon > 0))
        throw option_error(std::string(operation) + ": epsilon is positive, found " +
                           std::to_string(epsilon));
    expect_shape(operation, "output", input.extents, output.extents);
    expect_layout(operation, "output", input.order, output.order);
    if (input.extents.n != 1 || input.extents.pixels() < 1 || input.order == layout::nhwc)
        throw shape_error(std::string(operation) +
                          ": expected a planar or blocked map [1,C,H,W], found " +
                          to_string(input.extents) + " in layout " + to_string(input.order));
}

void expect_parameters(const char* operation, const char* what, std::int64_t channels,
                       const form& found) {
    expect_shape(operation, what, {1, channels, 1, 1}, found.extents);
}

void expect_statistics(const char* operation, std::int64_t channels, const form& found) {
    expect_shape(operation, "statistics", {1, 2, 1, channels}, found.extents);
}

}  // namespace impasto::ops::detail
