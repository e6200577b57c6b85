#include <impasto/ops/conv2d_backward_filter.hpp>

#include "ops/spatial_checks.hpp"

namespace impasto::ops::detail {

void expect_backward_filter(const conv_geometry& geometry, const shape& input,
                            const shape& d_output, const shape& d_weights, const shape& d_bias) {
    expect_shape("conv2d_backward_filter", "d_output", convolved(d_weights, input, geometry),
                 d_output);
    if (d_bias.elements() != 0)
        expect_shape("conv2d_backward_filter", "d_bias", {1, d_output.c, 1, 1}, d_bias);
}

}  // namespace impasto::ops::detail
