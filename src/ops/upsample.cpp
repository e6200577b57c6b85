#include <impasto/ops/upsample.hpp>

#include <string>

#include "ops/checks.hpp"

namespace impasto::ops {

shape upsampled(const shape& input, std::int64_t factor) {
    if (factor < 1)
        throw shape_error("upsample: the factor is at least 1, found " + std::to_string(factor));
    return {input.n, input.c, checked_multiply(input.h, factor), checked_multiply(input.w, factor)};
}

void detail::expect_upsample(const char* operation, std::int64_t factor, const form& small,
                             const form& large) {
    expect_shape(operation, "the larger map", upsampled(small.extents, factor), large.extents);
    expect_layout(operation, "the larger map", small.order, large.order);
    if (small.order == layout::nhwc)
        throw shape_error(std::string(operation) +
                          ": layout nhwc; expected a planar or blocked one");
}

}  // namespace impasto::ops
