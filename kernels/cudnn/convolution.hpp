#pragma once

#include <cstddef>
#include <memory>

#include <impasto/core/context.hpp>
#include <impasto/core/element.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/conv2d.hpp>

namespace impasto::kernels {

/// cuDNN's convolution, planned for one size like ops::conv2d: the sums alone, without bias, ReLU
/// or pool. Maps are in nhwc, pixels too, and 16-byte aligned. Those of half and bfloat16 are
/// summed in float; those of float are multiplied in float32, those of tf32 in TF32.
///
/// Which of the plans that cuDNN proposes is the quickest is measured, once for a shape and a
/// context: results may differ in their last digits between two runs of a program.
template <class T>
class cudnn_convolution {
public:
    virtual ~cudnn_convolution() = default;

    [[nodiscard]] virtual std::size_t filter_bytes() const = 0;
    /// Of the context's scratch, which either direction uses.
    [[nodiscard]] virtual std::size_t scratch_bytes() const = 0;

    virtual void forward(context<cuda>& ctx, const stored<T>* input, stored<T>* output) const = 0;
    /// Planned only where the options ask for it.
    virtual void backward_data(context<cuda>& ctx, const stored<T>* d_output,
                               stored<T>* d_input) const = 0;
};

/// weights: [K,C,k,k] on the host; input: [1,C,H,W]; of the options those of pool and activation
/// are not looked at. Times plans, for which it takes memory for another input and output and gives
/// it back. Throws as expect_cudnn does, and option_error where cuDNN has no plan.
template <class T>
[[nodiscard]] std::unique_ptr<cudnn_convolution<T>> plan_cudnn_convolution(
    context<cuda>& ctx, tensor_view<const float, cpu> weights, const shape& input,
    const ops::conv_options& options);

/// Throws option_error where this build is without cuDNN, cuda_error where there is no cuDNN 9.
void expect_cudnn();

}  // namespace impasto::kernels
