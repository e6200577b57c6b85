#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "conv2d/convolve.cuh"
#include "conv2d/engine.hpp"
#include "conv2d/filter_layout.hpp"
#include "conv2d/filter_rounding.hpp"
#include "core/context_state.hpp"
#include "core/uploaded.hpp"

namespace impasto::kernels {

#if defined(IMPASTO_SM90A) || !defined(__CUDACC__)
inline constexpr bool compiled_for_hopper = true;
#else
inline constexpr bool compiled_for_hopper = false;
#endif

/// One direction: what to convolve, with which kernel, by filters laid out for it.
template <class T>
struct native_direction {
    conv_problem problem{};
    conv_kernel kernel{};
    bool planar_input = false;
    int rows = 0;
    std::shared_ptr<const tensor<std::byte, cuda>> filters;

    native_direction() = default;
    /// like: the same direction for an input of another size, or null: filters are shared where
    /// they lie as they are wanted here.
    native_direction(context<cuda>& ctx, const conv_problem& p, bool planar, bool tensor_cores,
                     narrowed_filters<T>& given, bool backward, const native_direction* like)
        : problem(p), planar_input(planar) {
        const auto& device = ctx.get().properties;
        kernel = choose_kernel<stored<T>>(
            p, planar,
            {device.multiProcessorCount, device.sharedMemPerBlockOptin, tensor_cores,
             tensor_cores && compiled_for_hopper && ctx.get().architecture() == 90});
        const int channels = tile_channels(kernel);
        rows = ceil_div(p.out_channels, channels) * channels;
        filters =
            like != nullptr && like->rows == rows && family_of(like->kernel) == family_of(kernel)
                ? like->filters
                : std::make_shared<tensor<std::byte, cuda>>(laid_out(ctx, {given.get(), backward}));
    }

    template <class Epilogue>
    void run(context<cuda>& ctx, const conv_input<stored<T>>& input,
             const Epilogue& epilogue) const {
        convolve(ctx.get().stream, kernel, problem, input, planar_input, {filters->data(), rows},
                 epilogue);
    }
    [[nodiscard]] std::size_t filter_bytes() const { return filters ? filters->bytes() : 0; }

private:
    [[nodiscard]] tensor<std::byte, cuda> laid_out(context<cuda>& ctx,
                                                   const filter_source& source) const {
        switch (family_of(kernel)) {
            case filter_family::simt:
                return uploaded(ctx, simt_filter_layout(source, rows));
            case filter_family::pixels:
                return uploaded(ctx, pixel_filter_layout<stored<T>>(source, rows));
            default:
                return uploaded(
                    ctx, mma_filter_layout<stored<T>>(source, rows, filter_row_bytes(kernel)));
        }
    }
};

/// Our own kernels: each direction is one of them, with all that comes before and after.
template <class T>
class native_engine {
public:
    /// like: the same convolution for an input of another size, or null.
    native_engine(context<cuda>& ctx, const conv_spec& s, const native_engine* like)
        : options_(s.options), input_(s.input), convolved_(s.convolved) {
        const auto& g = options_.geometry;
        const bool tensor_cores = wants_tensor_cores(ctx);
        narrowed_filters<T> filters(s.weights);
        forward_ = native_direction<T>(ctx, problem_of(input_, convolved_, g.padding),
                                       input_layout() == layout::nchw, tensor_cores, filters, false,
                                       like ? &like->forward_ : nullptr);
        if (options_.backward)
            backward_ = native_direction<T>(
                ctx, problem_of(convolved_, input_, g.kernel - 1 - g.padding), false, tensor_cores,
                filters, true, like ? &like->backward_ : nullptr);
    }

    [[nodiscard]] layout input_layout() const {
        return input_.c == pixel_channels ? layout::nchw : layout::nhwc;
    }
    [[nodiscard]] std::size_t filter_bytes() const {
        return forward_.filter_bytes() + backward_.filter_bytes();
    }
    [[nodiscard]] std::size_t scratch_bytes() const { return 0; }

    void forward(context<cuda>& ctx, const stored<T>* input,
                 const forward_epilogue<T>& epilogue) const {
        forward_.run(ctx, {input, nullptr, 0, false}, epilogue);
    }
    void backward(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> gates,
                  const stored<T>* d_output, stored<T>* d_input) const {
        run_backward(ctx,
                     {d_output, reinterpret_cast<const std::uint32_t*>(gates.data()),
                      gate_words(convolved_.c), options_.pooling.has_value()},
                     d_input, pool_scale());
    }
    void backward_data(context<cuda>& ctx, const stored<T>* d_output, stored<T>* d_input) const {
        run_backward(ctx, {d_output, nullptr, 0, false}, d_input, 1);
    }

private:
    [[nodiscard]] bool wants_tensor_cores(context<cuda>& ctx) const {
        const int needed = std::same_as<T, half> ? 75 : 80;
        return ctx.get().architecture() >= needed && !std::same_as<T, float>;
    }
    [[nodiscard]] conv_problem problem_of(const shape& in, const shape& out,
                                          std::int64_t padding) const {
        const auto extent = [](std::int64_t e) { return static_cast<int>(e); };
        return {extent(in.h),
                extent(in.w),
                extent(in.c),
                extent(out.h),
                extent(out.w),
                extent(out.c),
                extent(options_.geometry.kernel),
                extent(padding)};
    }
    // What the pool multiplies a gradient by that it lets through.
    [[nodiscard]] float pool_scale() const {
        if (!options_.pooling)
            return 1;
        const float scale = options_.pooling->scale;
        return options_.pooling->kind == ops::pooling::max ? scale : scale / 4;
    }
    void run_backward(context<cuda>& ctx, const conv_input<stored<T>>& d_output, stored<T>* d_input,
                      float scale) const {
        backward_.run(ctx, d_output,
                      backward_epilogue<stored<T>>{map_of<stored<T>>(input_, d_input), scale});
    }

    ops::conv_options options_;
    shape input_, convolved_;
    native_direction<T> forward_, backward_;
};

}  // namespace impasto::kernels
