#include <impasto/ops/relu.hpp>

#include "ops/checks.hpp"

namespace impasto::ops {

std::int64_t relu_mask_bytes(const shape& features, layout l) {
    if (l == layout::nhwc)
        return checked_multiply(checked_multiply(features.n, features.pixels()),
                                (features.c + 31) / 32 * 4);
    const auto elements = storage_elements(features, l);
    if (elements % 8 != 0)
        throw shape_error("relu_mask: " + to_string(features) + " in layout " + to_string(l) +
                          " is no multiple of 8 elements; use a feature layout");
    return elements / 8;
}

namespace detail {

void expect_relu_mask(const char* operation, const form& features, const form& mask) {
    expect_map_order(operation, "features", features);
    expect_shape(operation, "mask", {1, 1, 1, relu_mask_bytes(features.extents, features.order)},
                 mask.extents);
}

void expect_relu_backward(const form& features, const form& gradient) {
    expect_alike("relu_backward", "gradient", features, gradient);
}

}  // namespace detail

}  // namespace impasto::ops
