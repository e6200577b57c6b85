#include "cpu/dnnl_convolution.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "cpu/context_state.hpp"

namespace impasto::cpu_detail {

namespace {

using format = dnnl::memory::format_tag;
using forward_convolution = dnnl::convolution_forward;
using backward_convolution = dnnl::convolution_backward_data;
using backward_of_weights = dnnl::convolution_backward_weights;

constexpr auto direct = dnnl::algorithm::convolution_direct;

dnnl::memory::desc describe(const shape& s, format tag) {
    return {{s.n, s.c, s.h, s.w}, dnnl::memory::data_type::f32, tag};
}

format tag_of(layout l) {
    if (l == layout::nchw)
        return format::nchw;
    return l == layout::nchw16c ? format::nChw16c : format::nChw8c;
}

std::size_t aligned(std::size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

struct descriptions {
    explicit descriptions(const dnnl_convolution_spec& s)
        : input(describe(s.input, tag_of(s.input_layout))),
          weights(describe(s.weights.shape(), format::any)),
          output(describe(s.output, tag_of(s.output_layout))),
          strides{s.geometry.stride, s.geometry.stride},
          padding{s.geometry.padding, s.geometry.padding} {
        if (!s.bias.empty())
            bias = {{s.output.c}, dnnl::memory::data_type::f32, format::x};
    }

    dnnl::memory::desc input, weights, output;
    dnnl::memory::desc bias;  // zero where there is none
    dnnl::memory::dims strides, padding;
};

// In these four oneDNN 2 and 3 part: 2 scales a post-op, and holds the parameters of an operation
// in an object of their own.

dnnl::primitive_attr attributes(bool relu) {
    dnnl::primitive_attr result;
    result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (relu) {
        dnnl::post_ops after;
#if DNNL_VERSION_MAJOR >= 3
        after.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#else
        after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#endif
        result.set_post_ops(after);
    }
    return result;
}

forward_convolution::primitive_desc forward_description(const dnnl::engine& engine,
                                                        const descriptions& d,
                                                        const dnnl::primitive_attr& attr) {
    constexpr auto kind = dnnl::prop_kind::forward_training;
#if DNNL_VERSION_MAJOR >= 3
    return {engine,   kind,      direct,    d.input,   d.weights, d.bias,
            d.output, d.strides, d.padding, d.padding, attr,      true};
#else
    const forward_convolution::desc operation(kind, direct, d.input, d.weights, d.bias, d.output,
                                              d.strides, d.padding, d.padding);
    return {operation, attr, engine, true};
#endif
}

backward_convolution::primitive_desc backward_description(
    const dnnl::engine& engine, const descriptions& d,
    const forward_convolution::primitive_desc& hint) {
    const auto attr = attributes(false);
#if DNNL_VERSION_MAJOR >= 3
    return {engine,    direct,    d.input, d.weights, d.output, d.strides,
            d.padding, d.padding, hint,    attr,      true};
#else
    const backward_convolution::desc operation(direct, d.input, d.weights, d.output, d.strides,
                                               d.padding, d.padding);
    return {operation, attr, engine, hint, true};
#endif
}

backward_of_weights::primitive_desc weights_description(
    const dnnl::engine& engine, const descriptions& d,
    const forward_convolution::primitive_desc& hint) {
    const auto attr = attributes(false);
#if DNNL_VERSION_MAJOR >= 3
    return {engine,    direct,    d.input,   d.weights, d.bias, d.output,
            d.strides, d.padding, d.padding, hint,      attr,   true};
#else
    const backward_of_weights::desc operation(direct, d.input, d.weights, d.bias, d.output,
                                              d.strides, d.padding, d.padding);
    return {operation, attr, engine, hint, true};
#endif
}

dnnl::memory laid_out(const dnnl::engine& engine, dnnl::stream& stream,
                      tensor_view<const float, cpu> weights, const dnnl::memory::desc& wanted) {
    dnnl::memory plain(describe(weights.shape(), format::oihw), engine,
                       const_cast<float*>(weights.data()));
    dnnl::memory result(wanted, engine);
    dnnl::reorder(plain, result).execute(stream, plain, result);
    stream.wait();
    return result;
}

}  // namespace

dnnl_convolution dnnl_convolution::planned(context<cpu>& ctx, dnnl::primitive primitive,
                                           tensor_view<const float, cpu> weights,
                                           const dnnl::memory::desc& weights_layout,
                                           const dnnl::memory::desc& scratch,
                                           const dnnl_convolution* like) {
    auto& state = ctx.get();
    dnnl_convolution result;
    result.primitive_ = std::move(primitive);
    const bool alike =
        like != nullptr && !like->empty() && like->weights_.get_desc() == weights_layout;
    result.weights_ = alike ? like->weights_  // a handle, counted
                            : laid_out(state.engine, state.stream, weights, weights_layout);
    result.scratch_ = dnnl::memory(scratch, state.engine, nullptr);
    return result;
}

dnnl_convolution dnnl_convolution::forward(context<cpu>& ctx, const dnnl_convolution_spec& spec,
                                           const dnnl_convolution* like) {
    auto& state = ctx.get();
    const descriptions d(spec);
    const auto description = forward_description(state.engine, d, attributes(spec.relu));
    auto result = planned(ctx, forward_convolution(description), spec.weights,
                          description.weights_desc(), description.scratchpad_desc(), like);
    result.from_ = dnnl::memory(d.input, state.engine, nullptr);
    result.to_ = dnnl::memory(d.output, state.engine, nullptr);
    result.from_argument_ = DNNL_ARG_SRC;
    result.to_argument_ = DNNL_ARG_DST;
    if (!spec.bias.empty()) {
        result.bias_ = dnnl::memory(d.bias, state.engine);
        std::copy(spec.bias.begin(), spec.bias.end(),
                  static_cast<float*>(result.bias_.get_data_handle()));
    }
    return result;
}

dnnl_convolution dnnl_convolution::backward_data(context<cpu>& ctx,
                                                 const dnnl_convolution_spec& spec,
                                                 const dnnl_convolution* like) {
    auto& state = ctx.get();
    const descriptions d(spec);
    const auto hint = forward_description(state.engine, d, attributes(false));
    const auto description = backward_description(state.engine, d, hint);
    auto result = planned(ctx, backward_convolution(description), spec.weights,
                          description.weights_desc(), description.scratchpad_desc(), like);
    result.from_ = dnnl::memory(d.output, state.engine, nullptr);
    result.to_ = dnnl::memory(d.input, state.engine, nullptr);
    result.from_argument_ = DNNL_ARG_DIFF_DST;
    result.to_argument_ = DNNL_ARG_DIFF_SRC;
    return result;
}

std::size_t dnnl_convolution::filter_bytes() const {
    return empty() ? 0 : weights_.get_desc().get_size();
}

std::size_t dnnl_convolution::scratch_bytes() const {
    return empty() ? 0 : scratch_.get_desc().get_size();
}

void dnnl_convolution::run(context<cpu>& ctx, const float* from, float* to) const {
    auto& state = ctx.get();
    std::array<dnnl_exec_arg_t, 5> arguments;
    int count = 0;
    // The C interface: the C++ one builds a hash map at every call.
    const auto pass = [&](int argument, const dnnl::memory& memory) {
        arguments[static_cast<std::size_t>(count++)] = {argument, memory.get()};
    };
    const auto pass_at = [&](int argument, const dnnl::memory& memory, void* data) {
        memory.set_data_handle(data);
        pass(argument, memory);
    };
    pass_at(from_argument_, from_, const_cast<float*>(from));
    pass_at(to_argument_, to_, to);
    pass(DNNL_ARG_WEIGHTS, weights_);
    if (bias_)
        pass(DNNL_ARG_BIAS, bias_);
    if (const auto bytes = scratch_bytes(); bytes > 0)
        pass_at(DNNL_ARG_SCRATCHPAD, scratch_,
                state.scratch_as<std::byte>(ctx, static_cast<std::int64_t>(bytes)));
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(primitive_.get(), state.stream.get(), count, arguments.data()),
        "convolution");
    state.stream.wait();
}

dnnl_backward_weights::dnnl_backward_weights(context<cpu>& ctx, const dnnl_convolution_spec& spec) {
    const auto& engine = ctx.get().engine;
    const descriptions d(spec);
    description_ =
        weights_description(engine, d, forward_description(engine, d, attributes(false)));
}

// Scratch: the gradient as oneDNN lays it out, then what oneDNN asks for.
std::size_t dnnl_backward_weights::scratch_bytes() const {
    return aligned(description_.diff_weights_desc().get_size()) +
           description_.scratchpad_desc().get_size();
}

void dnnl_backward_weights::run(context<cpu>& ctx, const float* input, const float* d_output,
                                tensor_view<float, cpu> d_weights,
                                tensor_view<float, cpu> d_bias) const {
    auto& state = ctx.get();
    auto* const scratch =
        state.scratch_as<std::byte>(ctx, static_cast<std::int64_t>(scratch_bytes()));
    const auto memory = [&](const dnnl::memory::desc& desc, const void* data) {
        return dnnl::memory(desc, state.engine, const_cast<void*>(data));
    };
    const auto laid_out = description_.diff_weights_desc();
    auto found = memory(laid_out, scratch);
    auto plain = memory(describe(d_weights.shape(), format::oihw), d_weights.data());
    std::unordered_map<int, dnnl::memory> arguments{
        {DNNL_ARG_SRC, memory(description_.src_desc(), input)},
        {DNNL_ARG_DIFF_DST, memory(description_.diff_dst_desc(), d_output)},
        {DNNL_ARG_DIFF_WEIGHTS, found},
        {DNNL_ARG_SCRATCHPAD,
         memory(description_.scratchpad_desc(), scratch + aligned(laid_out.get_size()))}};
    if (!d_bias.empty())
        arguments.emplace(DNNL_ARG_DIFF_BIAS, memory(description_.diff_bias_desc(), d_bias.data()));
    dnnl::convolution_backward_weights(description_).execute(state.stream, arguments);
    dnnl::reorder(found, plain).execute(state.stream, found, plain);
    state.stream.wait();
}

}  // namespace impasto::cpu_detail
