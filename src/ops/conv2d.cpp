#include <impasto/ops/conv2d.hpp>

#include <string>

#include <impasto/ops/relu.hpp>

#include "ops/checks.hpp"

namespace impasto::ops::detail {

shape convolved(const shape& weights, const shape& input, const conv_geometry& g) {
    if (weights.c != input.c || weights.h != g.kernel || weights.w != g.kernel || input.n != 1)
        throw shape_error("conv2d: filter " + to_string(weights) + " does not fit input " +
                          to_string(input) + " with kernel " + std::to_string(g.kernel));
    const auto extent = [&](std::int64_t in) {
        return (in + 2 * g.padding - g.kernel) / g.stride + 1;
    };
    const shape map{1, weights.n, extent(input.h), extent(input.w)};
    if (map.h < 1 || map.w < 1)
        throw shape_error("conv2d: no output for input " + to_string(input) + " and kernel " +
                          std::to_string(g.kernel));
    return map;
}

shape expect_convolution(const form& weights, const form& bias, const shape& input,
                         const conv_options& options, bool fuses_pooling) {
    if (options.pooling && !fuses_pooling)
        throw option_error("conv2d: this pool cannot be fused; ask fuses_pooling");
    const auto map = convolved(weights.extents, input, options.geometry);
    if (!bias.empty)
        expect_shape("conv2d", "bias", {1, map.c, 1, 1}, bias.extents);
    return map;
}

void expect_map(const char* what, const shape& wanted, layout order, const form& found) {
    expect_shape("conv2d", what, wanted, found.extents);
    expect_layout("conv2d", what, order, found.order);
}

void expect_gates(const shape& map, layout order, const form& gates) {
    expect_shape("conv2d", "gates", {1, 1, 1, relu_mask_bytes(map, order)}, gates.extents);
}

void expect_backward_planned(bool planned) {
    if (!planned)
        throw option_error("conv2d: planned for forward alone; ask for backward in its options");
}

void expect_conv2d_backward_filter(const conv_geometry& geometry, const form& input,
                                   const form& d_output, const form& d_weights,
                                   const form& d_bias) {
    constexpr const char* name = "conv2d_backward_filter";
    if (d_output.on_gpu && geometry.stride != 1)
        throw option_error(std::string(name) + ": on CUDA the stride is 1, found " +
                           std::to_string(geometry.stride));
    expect_shape(name, "d_output", convolved(d_weights.extents, input.extents, geometry),
                 d_output.extents);
    expect_map_order(name, "d_output", d_output);
    if (!d_bias.empty)
        expect_shape(name, "d_bias", {1, d_output.extents.c, 1, 1}, d_bias.extents);
}

}  // namespace impasto::ops::detail
