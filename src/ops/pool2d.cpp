#include <impasto/ops/pool2d.hpp>

#include "ops/checks.hpp"

namespace impasto::ops {

std::int64_t argmax_bytes(const shape& output, layout l) {
    if (l != layout::nhwc)
        return storage_elements(output, l);
    return checked_multiply(checked_multiply(output.n, output.pixels()), (output.c + 15) / 16 * 4);
}

namespace detail {

namespace {

void expect_pooled(const char* operation, const form& large, const form& small) {
    expect_shape(operation, "output", pooled(large.extents), small.extents);
    expect_map_order(operation, "input", large);
    expect_layout(operation, "output", large.order, small.order);
}

void expect_argmax(const char* operation, const form& output, const form& argmax) {
    expect_shape(operation, "argmax", {1, 1, 1, argmax_bytes(output.extents, output.order)},
                 argmax.extents);
}

}  // namespace

void expect_pool2d(const form& input, const form& output, const form& argmax) {
    expect_pooled("pool2d", input, output);
    if (!argmax.empty)
        expect_argmax("pool2d", output, argmax);
}

void expect_pool2d_backward(const pool_options& options, const form& d_output, const form& d_input,
                            const form& argmax, const form& input, const form& output) {
    expect_pooled("pool2d_backward", d_input, d_output);
    if (options.kind == pooling::max)
        expect_argmax("pool2d_backward", d_output, argmax);
    if (options.kind == pooling::l2) {
        expect_alike("pool2d_backward", "saved input", d_input, input);
        expect_alike("pool2d_backward", "saved output", d_output, output);
    }
}

}  // namespace detail

}  // namespace impasto::ops
