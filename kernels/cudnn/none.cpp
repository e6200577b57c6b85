// What stands in for cuDNN where the headers of cuDNN 9 were not found.
#include <impasto/core/error.hpp>
#include <impasto/ops/missing_cudnn.hpp>

#include "cudnn/convolution.hpp"

namespace impasto::kernels {

void expect_cudnn() {
    throw ops::missing_cudnn_error<option_error>(
        "conv_engine: this build is without cuDNN, whose headers were not found; take native, or "
        "install libcudnn9-dev and build again with -DIMPASTO_CUDNN=ON");
}

template <class T>
std::unique_ptr<cudnn_convolution<T>> plan_cudnn_convolution(context<cuda>&,
                                                             tensor_view<const float, cpu>,
                                                             const shape&,
                                                             const ops::conv_options&) {
    expect_cudnn();
    return nullptr;
}

template std::unique_ptr<cudnn_convolution<float>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<tf32>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<half>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);
template std::unique_ptr<cudnn_convolution<bfloat16>> plan_cudnn_convolution(
    context<cuda>&, tensor_view<const float, cpu>, const shape&, const ops::conv_options&);

}  // namespace impasto::kernels
