#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <impasto/ops/relu.hpp>

#include "conv2d/apply_epilogue.cuh"
#include "conv2d/engine.hpp"
#include "conv2d/filter_rounding.hpp"
#include "conv2d/forward_epilogue.cuh"
#include "core/context_state.hpp"
#include "cudnn/convolution.hpp"

namespace impasto::kernels {

/// cuDNN's convolution, and after it our epilogue, in place; backward the gates are applied to the
/// gradient where it lies. For comparison: the native engine reads and writes each map once.
template <class T>
class cudnn_engine {
public:
    cudnn_engine(context<cuda>& ctx, const conv_spec& spec)
        : convolution_(plan_cudnn_convolution<T>(ctx, narrowed_filters<T>(spec.weights).get(),
                                                 spec.input, spec.options)),
          convolved_(spec.convolved) {}

    [[nodiscard]] layout input_layout() const { return layout::nhwc; }
    [[nodiscard]] std::size_t filter_bytes() const { return convolution_->filter_bytes(); }
    [[nodiscard]] std::size_t scratch_bytes() const { return convolution_->scratch_bytes(); }

    void forward(context<cuda>& ctx, const stored<T>* input,
                 const forward_epilogue<T>& epilogue) const {
        convolution_->forward(ctx, input, epilogue.output.data);
        apply_epilogue(ctx.get().stream, epilogue);
    }
    void backward(context<cuda>& ctx, tensor_view<const std::uint8_t, cuda> gates,
                  stored<T>* d_output, stored<T>* d_input) const {
        ops::relu_backward<T>(ctx, gates, {d_output, convolved_, layout::nhwc});
        backward_data(ctx, d_output, d_input);
    }
    void backward_data(context<cuda>& ctx, const stored<T>* d_output, stored<T>* d_input) const {
        convolution_->backward_data(ctx, d_output, d_input);
    }

private:
    std::unique_ptr<cudnn_convolution<T>> convolution_;
    shape convolved_;
};

}  // namespace impasto::kernels
