#include <impasto/ops/conv2d_backward_filter.hpp>

#include "cpu/dnnl_convolution.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

cpu_detail::dnnl_convolution_spec spec_of(const context<cpu>& ctx, const conv_geometry& geometry,
                                          const shape& input, layout order,
                                          tensor_view<const float, cpu> weights,
                                          tensor_view<const float, cpu> bias) {
    return {.weights = weights,
            .bias = bias,
            .input = input,
            .output = detail::convolved(weights.shape(), input, geometry),
            .input_layout = order,
            .output_layout = ctx.feature_layout(),
            .geometry = geometry,
            .relu = false};
}

}  // namespace

template <class T, class Device>
void conv2d_backward_filter(context<Device>& ctx, const conv_geometry& geometry,
                            in_view<T, Device> input, in_view<T, Device> d_output,
                            out_view<float, Device> d_weights, out_view<float, Device> d_bias) {
    detail::expect_conv2d_backward_filter(geometry, input, d_output, d_weights, d_bias);
    expect_layout("conv2d_backward_filter", "d_output", ctx.feature_layout(), d_output.layout());
    if (input.layout() != layout::nchw)
        expect_layout("conv2d_backward_filter", "input", ctx.feature_layout(), input.layout());
    cpu_detail::dnnl_backward_weights(
        ctx, spec_of(ctx, geometry, input.shape(), input.layout(), d_weights, d_bias))
        .run(ctx, input.data(), d_output.data(), d_weights, d_bias);
}

std::size_t conv2d_backward_filter_scratch_bytes(context<cpu>& ctx, const conv_geometry& geometry,
                                                 const shape& input, layout order,
                                                 const shape& weights) {
    // Only the extents of these views are read.
    static float nothing = 0;
    return cpu_detail::dnnl_backward_weights(
               ctx, spec_of(ctx, geometry, input, order, {&nothing, weights},
                            {&nothing, {1, weights.n, 1, 1}}))
        .scratch_bytes();
}

template decltype(conv2d_backward_filter<float, cpu>) conv2d_backward_filter<float, cpu>;

}  // namespace impasto::ops
