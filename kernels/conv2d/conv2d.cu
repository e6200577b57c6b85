#include <impasto/ops/conv2d.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <vector>

#include <impasto/ops/relu.hpp>
#include <impasto/ops/transfer.hpp>

#include "conv2d/convolve.cuh"
#include "conv2d/filter_layout.hpp"
#include "conv2d/filter_rounding.hpp"
#include "core/context_state.hpp"

namespace impasto::ops {

namespace {

using kernels::conv_kernel;
using kernels::conv_problem;

#if defined(IMPASTO_SM90A) || !defined(__CUDACC__)
constexpr bool compiled_for_hopper = true;
#else
constexpr bool compiled_for_hopper = false;
#endif

template <class T>
tensor<std::byte, cuda> uploaded(context<cuda>& ctx, const std::vector<T>& values) {
    const auto bytes = values.size() * sizeof(T);
    tensor<std::byte, cuda> result({1, 1, 1, static_cast<std::int64_t>(bytes)});
    detail::copy_to_device(ctx, values.data(), result.data(), bytes);
    return result;
}

conv_problem problem_of(const shape& in, const shape& out, const conv_geometry& g,
                        std::int64_t padding) {
    const auto extent = [](std::int64_t e) { return static_cast<int>(e); };
    return {extent(in.h),  extent(in.w),  extent(in.c),     extent(out.h),
            extent(out.w), extent(out.c), extent(g.kernel), extent(padding)};
}

/// One direction: what to convolve, with which kernel, by filters laid out for it.
template <class T>
struct direction {
    conv_problem problem{};
    conv_kernel kernel{};
    bool planar_input = false;
    int rows = 0;
    tensor<std::byte, cuda> filters;

    direction() = default;
    direction(context<cuda>& ctx, const conv_problem& p, bool planar, bool tensor_cores,
              const kernels::filter_source& source)
        : problem(p), planar_input(planar) {
        const auto& device = ctx.get().properties;
        kernel = kernels::choose_kernel<T>(
            p, planar,
            {device.multiProcessorCount, device.sharedMemPerBlockOptin, tensor_cores,
             tensor_cores && compiled_for_hopper && ctx.get().architecture() == 90});
        const int channels = kernels::tile_channels(kernel);
        rows = kernels::ceil_div(p.out_channels, channels) * channels;
        if (kernel == conv_kernel::simt_wide || kernel == conv_kernel::simt_narrow)
            filters = uploaded(ctx, kernels::simt_filter_layout(source, rows));
        else if (kernel == conv_kernel::pixels)
            filters = uploaded(ctx, kernels::pixel_filter_layout<T>(source, rows));
        else
            filters = uploaded(ctx, kernels::mma_filter_layout<T>(
                                        source, rows, kernels::filter_row_bytes(kernel)));
    }

    template <class Epilogue>
    void run(context<cuda>& ctx, const kernels::conv_input<T>& input,
             const Epilogue& epilogue) const {
        kernels::convolve(ctx.get().stream, kernel, problem, input, planar_input,
                          {filters.data(), rows}, epilogue);
    }
};

template <class T>
bool wants_tensor_cores(context<cuda>& ctx, const conv_options& options) {
    const int needed = std::same_as<T, half> ? 75 : 80;
    return ctx.get().architecture() >= needed && (!std::same_as<T, float> || options.tf32);
}

template <class T>
kernels::nhwc_map<T> map_of(const shape& s, T* data, bool tf32 = false) {
    return {data, static_cast<int>(s.h), static_cast<int>(s.w), static_cast<int>(s.c), tf32};
}

int gate_words(std::int64_t channels) {
    return static_cast<int>((channels + 31) / 32);
}

void expect_gates(const shape& convolved, const shape& found) {
    expect_shape("conv2d", "gates", {1, 1, 1, relu_mask_bytes(convolved, layout::nhwc)}, found);
}

template <class View>
void expect_map(const char* what, const shape& wanted, layout order, View found) {
    expect_shape("conv2d", what, wanted, found.shape());
    expect_layout("conv2d", what, order, found.layout());
}

void expect_supported(const conv_geometry& g) {
    if (g.stride != 1 || g.kernel < 1 || g.kernel > 3)
        throw option_error("conv2d: on CUDA filters are 1x1 to 3x3 and the stride is 1, found " +
                           std::to_string(g.kernel) + "x" + std::to_string(g.kernel) +
                           " and stride " + std::to_string(g.stride));
}

}  // namespace

template <class T, class Device>
struct conv2d<T, Device>::plan {
    shape input, convolved, output;
    layout input_layout;
    activation after;
    std::optional<pool_options> pooling;
    bool has_backward, tf32;
    direction<T> forward, backward;
    tensor<std::byte, cuda> bias;  // float, whole runs of channels

    [[nodiscard]] kernels::fused_pool pool() const {
        if (!pooling)
            return kernels::fused_pool::none;
        return pooling->kind == ops::pooling::max ? kernels::fused_pool::max
                                                  : kernels::fused_pool::average;
    }
    // What the pool multiplies a gradient by that it lets through.
    [[nodiscard]] float backward_scale() const {
        if (!pooling)
            return 1;
        return pooling->kind == ops::pooling::max ? pooling->scale : pooling->scale / 4;
    }
    void run_backward(context<cuda>& ctx, const kernels::conv_input<T>& d_output,
                      tensor_view<T, cuda> d_input, float scale) const {
        if (!has_backward)
            throw option_error(
                "conv2d: planned for forward alone; ask for backward in its options");
        expect_map("d_input", input, layout::nhwc, d_input);
        backward.run(ctx, d_output,
                     kernels::backward_epilogue<T>{map_of(input, d_input.data()), scale});
    }
};

template <class T, class Device>
bool conv2d<T, Device>::fuses_pooling(shape, const conv_options& options) {
    return options.pooling && options.pooling->kind != pooling::l2;
}

template <class T, class Device>
conv2d<T, Device>::conv2d(context<Device>& ctx, tensor_view<const float, cpu> weights,
                          tensor_view<const float, cpu> bias, shape input, conv_options options,
                          const conv2d*)  // the layout follows from the kernel, it from the size
    : plan_(std::make_unique<plan>()) {
    auto& p = *plan_;
    const auto& g = options.geometry;
    expect_supported(g);
    if (options.pooling && !fuses_pooling(input, options))
        throw option_error("conv2d: this pool cannot be fused; ask fuses_pooling");
    p.input = input;
    p.convolved = detail::convolved(weights.shape(), input, g);
    p.output = options.pooling ? pooled(p.convolved) : p.convolved;
    p.input_layout = input.c == kernels::pixel_channels ? layout::nchw : layout::nhwc;
    p.after = options.activation;
    p.pooling = options.pooling;
    p.has_backward = options.backward;
    p.tf32 = options.tf32;
    if (!bias.empty())
        expect_shape("conv2d", "bias", {1, p.convolved.c, 1, 1}, bias.shape());
    std::vector<float> whole_bias(static_cast<std::size_t>(
        kernels::ceil_div<std::int64_t>(p.convolved.c, kernels::run) * kernels::run));
    std::copy(bias.begin(), bias.end(), whole_bias.begin());
    p.bias = uploaded(ctx, whole_bias);

    const bool tensor_cores = wants_tensor_cores<T>(ctx, options);
    tensor<float, cpu> rounded;
    if (tensor_cores) {
        rounded = kernels::rounded_filters<T>(weights);
        weights = rounded;
    }
    p.forward = direction<T>(ctx, problem_of(input, p.convolved, g, g.padding),
                             p.input_layout == layout::nchw, tensor_cores, {weights, false});
    if (options.backward)
        p.backward = direction<T>(ctx, problem_of(p.convolved, input, g, g.kernel - 1 - g.padding),
                                  false, tensor_cores, {weights, true});
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
    return plan_->input_layout;
}
template <class T, class Device>
std::int64_t conv2d<T, Device>::gate_bytes() const {
    return relu_mask_bytes(plan_->convolved, layout::nhwc);
}
template <class T, class Device>
std::size_t conv2d<T, Device>::filter_bytes() const {
    return plan_->forward.filters.bytes() + plan_->backward.filters.bytes() + plan_->bias.bytes();
}
template <class T, class Device>
std::size_t conv2d<T, Device>::scratch_bytes(const context<Device>&) const {
    return 0;
}

template <class T, class Device>
void conv2d<T, Device>::forward(context<Device>& ctx, tensor_view<const T, Device> input,
                                tensor_view<T, Device> output,
                                tensor_view<std::uint8_t, Device> gates) const {
    const auto& p = *plan_;
    expect_map("input", p.input, p.input_layout, input);
    expect_map("output", p.output, layout::nhwc, output);
    if (!gates.empty()) {
        expect_gates(p.convolved, gates.shape());
        if (p.convolved.c % 32 != 0)  // what lies past the last channel is zero
            kernels::check(cudaMemsetAsync(gates.data(), 0, gates.bytes(), ctx.get().stream));
    }
    p.forward.run(
        ctx, {input.data(), nullptr, 0, false},
        kernels::forward_epilogue<T>{.bias = reinterpret_cast<const float*>(p.bias.data()),
                                     .relu = p.after == activation::relu,
                                     .pool = p.pool(),
                                     .pool_scale = p.pooling ? p.pooling->scale : 1,
                                     .height = static_cast<int>(p.convolved.h),
                                     .width = static_cast<int>(p.convolved.w),
                                     .output = map_of(p.output, output.data(), p.tf32),
                                     .gates = {gates.data(), gate_words(p.convolved.c)}});
}

template <class T, class Device>
void conv2d<T, Device>::backward(context<Device>& ctx,
                                 tensor_view<const std::uint8_t, Device> gates,
                                 tensor_view<T, Device> d_output,
                                 tensor_view<T, Device> d_input) const {
    const auto& p = *plan_;
    expect_map("d_output", p.output, layout::nhwc, d_output);
    expect_gates(p.convolved, gates.shape());
    p.run_backward(ctx,
                   {d_output.data(), reinterpret_cast<const std::uint32_t*>(gates.data()),
                    gate_words(p.convolved.c), p.pooling.has_value()},
                   d_input, p.backward_scale());
}

template <class T, class Device>
void conv2d<T, Device>::backward_data(context<Device>& ctx, tensor_view<const T, Device> d_output,
                                      tensor_view<T, Device> d_input) const {
    const auto& p = *plan_;
    expect_map("d_output", p.convolved, layout::nhwc, d_output);
    p.run_backward(ctx, {d_output.data(), nullptr, 0, false}, d_input, 1);
}

template class conv2d<float, cuda>;
template class conv2d<half, cuda>;
template class conv2d<bfloat16, cuda>;

}  // namespace impasto::ops
