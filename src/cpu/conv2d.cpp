#include <impasto/ops/conv2d.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include <impasto/ops/relu.hpp>

#include "cpu/dnnl_convolution.hpp"
#include "cpu/winograd.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

using detail::expect_gates;
using detail::expect_map;

namespace {

// Winograd's transform is for 3×3 filters that leave a map's size alone.
bool by_winograd(const conv_options& options) {
    const auto& g = options.geometry;
    return options.method.algorithm == conv_algorithm::fastest && g.kernel == 3 && g.stride == 1 &&
           g.padding == 1;
}

// With three channels it does not pay, forward.
bool by_winograd_forward(const shape& input, const conv_options& options) {
    return by_winograd(options) && input.c != 3;
}

using shared_filter = std::shared_ptr<const cpu_detail::winograd_filter>;
using shared_bias = std::shared_ptr<const tensor<float, cpu>>;

shared_filter transformed(context<cpu>& ctx, tensor_view<const float, cpu> weights, bool flipped) {
    return std::make_shared<cpu_detail::winograd_filter>(
        cpu_detail::winograd_transform(ctx, weights, flipped));
}

shared_bias in_whole_blocks(tensor_view<const float, cpu> bias, std::int64_t channels) {
    tensor<float, cpu> result({1, channels, 1, 1});
    std::fill(result.begin(), result.end(), 0.0f);
    std::copy(bias.begin(), bias.end(), result.begin());
    return std::make_shared<tensor<float, cpu>>(std::move(result));
}

std::size_t bytes_of(const shared_filter& filter) {
    return filter ? filter->u.bytes() : 0;
}

std::size_t scratch_bytes_of(const context<cpu>& ctx, const shared_filter& filter,
                             const shape& map) {
    return filter ? cpu_detail::winograd_scratch_bytes(ctx, *filter, map.h, map.w) : 0;
}

}  // namespace

/// One direction runs either as a oneDNN primitive or through our own Winograd transform.
template <>
struct conv2d<float, cpu>::plan {
    shape input, map, output;  // map: before the pool
    layout input_layout, feature_layout;
    conv_options options;
    // Either of each; what does not depend on the input's size is shared with plans for others.
    cpu_detail::dnnl_convolution forward, backward;
    shared_filter forward_filter, backward_filter;
    shared_bias bias;  // for forward_filter
};

template <>
bool conv2d<float, cpu>::fuses_pooling(shape input, const conv_options& options) {
    return by_winograd_forward(input, options) && options.activation == activation::relu &&
           options.pooling->kind != pooling::l2;
}

template <>
conv2d<float, cpu>::conv2d(context<cpu>& ctx, tensor_view<const float, cpu> weights,
                           tensor_view<const float, cpu> bias, shape input, conv_options options,
                           const conv2d* like)
    : plan_(std::make_unique<plan>()) {
    auto& p = *plan_;
    const plan* const other = like != nullptr ? like->plan_.get() : nullptr;
    if (options.method.engine != conv_engine::native)
        throw option_error("conv_engine: cudnn needs a GPU; the CPU's engine is native");
    p.input = input;
    p.map = detail::expect_convolution(weights, bias, input, options,
                                       options.pooling && fuses_pooling(input, options));
    p.output = options.pooling ? pooled(p.map) : p.map;
    p.feature_layout = ctx.feature_layout();
    p.input_layout = input.c == 3 ? layout::nchw : p.feature_layout;
    p.options = options;

    cpu_detail::dnnl_convolution_spec spec{.weights = weights,
                                           .bias = bias,
                                           .input = p.input,
                                           .output = p.map,
                                           .input_layout = p.input_layout,
                                           .output_layout = p.feature_layout,
                                           .geometry = options.geometry,
                                           .relu = options.activation == activation::relu};
    if (!by_winograd_forward(input, options)) {
        p.forward =
            cpu_detail::dnnl_convolution::forward(ctx, spec, other ? &other->forward : nullptr);
    } else if (other && other->forward_filter) {
        p.forward_filter = other->forward_filter;
        p.bias = other->bias;
    } else {
        p.forward_filter = transformed(ctx, weights, false);
        p.bias = in_whole_blocks(bias, p.forward_filter->out);
    }
    if (!options.backward)
        return;
    // Pixels come in planar; their gradient leaves in blocks, the only way that is fast.
    spec.input_layout = p.feature_layout;
    if (by_winograd(options))
        p.backward_filter = other && other->backward_filter ? other->backward_filter
                                                            : transformed(ctx, weights, true);
    else
        p.backward = cpu_detail::dnnl_convolution::backward_data(
            ctx, spec, other ? &other->backward : nullptr);
}

template <>
conv2d<float, cpu>::~conv2d() = default;
template <>
conv2d<float, cpu>::conv2d(conv2d&&) noexcept = default;
template <>
conv2d<float, cpu>& conv2d<float, cpu>::operator=(conv2d&&) noexcept = default;

template <>
shape conv2d<float, cpu>::input_shape() const {
    return plan_->input;
}
template <>
shape conv2d<float, cpu>::output_shape() const {
    return plan_->output;
}
template <>
layout conv2d<float, cpu>::input_layout() const {
    return plan_->input_layout;
}

template <>
std::int64_t conv2d<float, cpu>::gate_bytes() const {
    return relu_mask_bytes(plan_->map, plan_->feature_layout);
}

template <>
std::size_t conv2d<float, cpu>::filter_bytes() const {
    const auto& p = *plan_;
    return p.forward.filter_bytes() + p.backward.filter_bytes() + bytes_of(p.forward_filter) +
           bytes_of(p.backward_filter);
}

template <>
std::size_t conv2d<float, cpu>::scratch_bytes(const context<cpu>& ctx) const {
    const auto& p = *plan_;
    return std::max({p.forward.scratch_bytes(), p.backward.scratch_bytes(),
                     scratch_bytes_of(ctx, p.forward_filter, p.map),
                     scratch_bytes_of(ctx, p.backward_filter, p.map)});
}

template <>
void conv2d<float, cpu>::forward(context<cpu>& ctx, tensor_view<const float, cpu> input,
                                 tensor_view<float, cpu> output,
                                 tensor_view<std::uint8_t, cpu> gates) const {
    const auto& p = *plan_;
    expect_map("input", p.input, p.input_layout, input);
    expect_map("output", p.output, p.feature_layout, output);
    if (!gates.empty())
        expect_gates(p.map, p.feature_layout, gates);
    const bool relu = p.options.activation == activation::relu;
    if (!relu)  // the gradient passes everywhere
        std::fill(gates.begin(), gates.end(), std::uint8_t{0xff});
    if (p.forward.empty()) {
        cpu_detail::winograd_convolve(ctx, *p.forward_filter, p.map.h, p.map.w,
                                      {.data = input.data()},
                                      {.data = output.data(),
                                       .bias = p.bias->data(),
                                       .relu = relu,
                                       .gates = relu ? gates.data() : nullptr,
                                       .pool = p.options.pooling});
        return;
    }
    p.forward.run(ctx, input.data(), output.data());
    if (relu && !gates.empty())
        relu_mask(ctx, output, gates);
}

template <>
void conv2d<float, cpu>::backward_data(context<cpu>& ctx, tensor_view<const float, cpu> d_output,
                                       tensor_view<float, cpu> d_input) const {
    const auto& p = *plan_;
    expect_map("d_output", p.map, p.feature_layout, d_output);
    expect_map("d_input", p.input, p.feature_layout, d_input);
    detail::expect_backward_planned(p.options.backward);
    if (p.backward.empty())
        cpu_detail::winograd_convolve(ctx, *p.backward_filter, p.map.h, p.map.w,
                                      {.data = d_output.data()}, {.data = d_input.data()});
    else
        p.backward.run(ctx, d_output.data(), d_input.data());
}

template <>
void conv2d<float, cpu>::backward(context<cpu>& ctx, tensor_view<const std::uint8_t, cpu> gates,
                                  tensor_view<float, cpu> d_output,
                                  tensor_view<float, cpu> d_input) const {
    const auto& p = *plan_;
    expect_gates(p.map, p.feature_layout, gates);
    if (!p.backward_filter) {
        relu_backward(ctx, gates, d_output);
        backward_data(ctx, d_output, d_input);
        return;
    }
    expect_map("d_output", p.output, p.feature_layout, d_output);
    expect_map("d_input", p.input, p.feature_layout, d_input);
    cpu_detail::winograd_convolve(
        ctx, *p.backward_filter, p.map.h, p.map.w,
        {.data = d_output.data(), .gates = gates.data(), .pool = p.options.pooling},
        {.data = d_input.data()});
}

}  // namespace impasto::ops
