#include <impasto/ops/conv2d.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <impasto/ops/relu.hpp>

#include "conv2d/cudnn_engine.cuh"
#include "conv2d/native_engine.cuh"
#include "core/context_state.hpp"
#include "core/uploaded.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

using detail::expect_gates;
using detail::expect_map;

namespace {

void expect_supported(const conv_geometry& g) {
    if (g.stride != 1 || g.kernel < 1 || g.kernel > 3)
        throw option_error("conv2d: on CUDA filters are 1x1 to 3x3 and the stride is 1, found " +
                           std::to_string(g.kernel) + "x" + std::to_string(g.kernel) +
                           " and stride " + std::to_string(g.stride));
}

tensor<std::byte, cuda> whole_runs(context<cuda>& ctx, tensor_view<const float, cpu> bias,
                                   std::int64_t channels) {
    std::vector<float> values(static_cast<std::size_t>(
        kernels::ceil_div<std::int64_t>(channels, kernels::run) * kernels::run));
    std::copy(bias.begin(), bias.end(), values.begin());
    return kernels::uploaded(ctx, values);
}

template <class T>
using any_engine = std::variant<kernels::native_engine<T>, kernels::cudnn_engine<T>>;

/// like: an engine of the same convolution for an input of another size, or null.
template <class T>
any_engine<T> make_engine(context<cuda>& ctx, const kernels::conv_spec& spec,
                          const any_engine<T>* like) {
    if (spec.options.method.engine == conv_engine::cudnn)
        return kernels::cudnn_engine<T>(ctx, spec);
    return kernels::native_engine<T>(ctx, spec, std::get_if<kernels::native_engine<T>>(like));
}

kernels::fused_pool fused(const std::optional<pool_options>& pool) {
    if (!pool)
        return kernels::fused_pool::none;
    return pool->kind == pooling::max ? kernels::fused_pool::max : kernels::fused_pool::average;
}

}  // namespace

template <class T, class Device>
struct conv2d<T, Device>::plan {
    conv_options options;
    shape input, convolved, output;  // convolved: before the pool
    tensor<std::byte, cuda> bias;    // float, whole runs of channels
    any_engine<T> engine;

    [[nodiscard]] layout input_layout() const {
        return std::visit([](const auto& e) { return e.input_layout(); }, engine);
    }
    [[nodiscard]] kernels::forward_epilogue<T> epilogue(stored<T>* to, std::uint8_t* gates) const {
        return {.bias = reinterpret_cast<const float*>(bias.data()),
                .relu = options.activation == activation::relu,
                .pool = fused(options.pooling),
                .pool_scale = options.pooling ? options.pooling->scale : 1,
                .height = static_cast<int>(convolved.h),
                .width = static_cast<int>(convolved.w),
                .output = kernels::map_of<T>(output, to),
                .gates = {gates, kernels::gate_words(convolved.c)}};
    }
    void expect_backward(const shape& wanted, in_view<T, cuda> d_output,
                         in_view<T, cuda> d_input) const {
        detail::expect_backward_planned(options.backward);
        expect_map("d_output", wanted, layout::nhwc, d_output);
        expect_map("d_input", input, layout::nhwc, d_input);
    }
};

template <class T, class Device>
bool conv2d<T, Device>::fuses_pooling(shape, const conv_options& options) {
    return options.method.engine == conv_engine::native && options.pooling &&
           options.pooling->kind != pooling::l2;
}

template <class T, class Device>
conv2d<T, Device>::conv2d(context<Device>& ctx, tensor_view<const float, cpu> weights,
                          tensor_view<const float, cpu> bias, shape input, conv_options options,
                          const conv2d* like) {
    expect_supported(options.geometry);
    const auto convolved =
        detail::expect_convolution(weights, bias, input, options, fuses_pooling(input, options));
    plan_ = std::make_unique<plan>(
        plan{.options = options,
             .input = input,
             .convolved = convolved,
             .output = options.pooling ? pooled(convolved) : convolved,
             .bias = whole_runs(ctx, bias, convolved.c),
             .engine = make_engine<T>(ctx, {weights, input, convolved, options},
                                      like ? &like->plan_->engine : nullptr)});
}

template <class T, class Device>
conv2d<T, Device>::~conv2d() = default;
template <class T, class Device>
conv2d<T, Device>::conv2d(conv2d&&) noexcept = default;
template <class T, class Device>
conv2d<T, Device>& conv2d<T, Device>::operator=(conv2d&&) noexcept = default;

template <class T, class Device>
shape conv2d<T, Device>::input_shape() const {
    return plan_->input;
}
template <class T, class Device>
shape conv2d<T, Device>::output_shape() const {
    return plan_->output;
}
template <class T, class Device>
layout conv2d<T, Device>::input_layout() const {
    return plan_->input_layout();
}
template <class T, class Device>
std::int64_t conv2d<T, Device>::gate_bytes() const {
    return relu_mask_bytes(plan_->convolved, layout::nhwc);
}
template <class T, class Device>
std::size_t conv2d<T, Device>::filter_bytes() const {
    return std::visit([](const auto& e) { return e.filter_bytes(); }, plan_->engine) +
           plan_->bias.bytes();
}
template <class T, class Device>
std::size_t conv2d<T, Device>::scratch_bytes(const context<Device>&) const {
    return std::visit([](const auto& e) { return e.scratch_bytes(); }, plan_->engine);
}

template <class T, class Device>
void conv2d<T, Device>::forward(context<Device>& ctx, in_view<T, Device> input,
                                out_view<T, Device> output,
                                out_view<std::uint8_t, Device> gates) const {
    const auto& p = *plan_;
    expect_map("input", p.input, p.input_layout(), input);
    expect_map("output", p.output, layout::nhwc, output);
    if (!gates.empty()) {
        expect_gates(p.convolved, layout::nhwc, gates);
        if (p.convolved.c % 32 != 0)  // what lies past the last channel is zero
            kernels::check(cudaMemsetAsync(gates.data(), 0, gates.bytes(), ctx.get().stream));
    }
    const auto epilogue = p.epilogue(output.data(), gates.data());
    std::visit([&](const auto& e) { e.forward(ctx, input.data(), epilogue); }, p.engine);
}

template <class T, class Device>
void conv2d<T, Device>::backward(context<Device>& ctx, in_view<std::uint8_t, Device> gates,
                                 out_view<T, Device> d_output, out_view<T, Device> d_input) const {
    const auto& p = *plan_;
    p.expect_backward(p.output, d_output, d_input);
    expect_gates(p.convolved, layout::nhwc, gates);
    std::visit([&](const auto& e) { e.backward(ctx, gates, d_output.data(), d_input.data()); },
               p.engine);
}

template <class T, class Device>
void conv2d<T, Device>::backward_data(context<Device>& ctx, in_view<T, Device> d_output,
                                      out_view<T, Device> d_input) const {
    const auto& p = *plan_;
    p.expect_backward(p.convolved, d_output, d_input);
    std::visit([&](const auto& e) { e.backward_data(ctx, d_output.data(), d_input.data()); },
               p.engine);
}

template class conv2d<float, cuda>;
template class conv2d<tf32, cuda>;
template class conv2d<half, cuda>;
template class conv2d<bfloat16, cuda>;

}  // namespace impasto::ops
