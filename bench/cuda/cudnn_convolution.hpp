#pragma once

#include <memory>

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::bench {

/// cuDNN's convolution of 3×3, stride 1, padding 1, in the library's layouts, to compare with:
/// for one size like ops::conv2d, by the quickest of the plans that cuDNN proposes, found when a
/// direction is first run. It adds no bias and has no ReLU. Maps of half and bfloat16 are summed in
/// float; those of float are multiplied in float32, or in TF32 where that is allowed.
template <class T>
class cudnn_convolution {
public:
    /// weights: [K,C,3,3] on the host; input: [1,C,H,W]. Throws cuda_error where cuDNN 9 is not
    /// found; running it does where cuDNN has no plan.
    cudnn_convolution(context<cuda>& ctx, tensor_view<const float, cpu> weights, shape input,
                      bool tf32);
    ~cudnn_convolution();
    cudnn_convolution(cudnn_convolution&&) noexcept;
    cudnn_convolution& operator=(cudnn_convolution&&) noexcept;

    /// All maps in nhwc, pixels too.
    void forward(tensor_view<const T, cuda> input, tensor_view<T, cuda> output) const;
    void backward_data(tensor_view<const T, cuda> d_output, tensor_view<T, cuda> d_input) const;

private:
    struct plans;
    std::unique_ptr<plans> plans_;
};

}  // namespace impasto::bench
