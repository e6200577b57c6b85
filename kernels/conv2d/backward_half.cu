#include "conv2d/convolve_kernels.cuh"

namespace impasto::kernels {

template void convolve(cudaStream_t, conv_kernel, const conv_problem&, const conv_input<half>&,
                       bool, const conv_filters&, const backward_epilogue<half>&);

}  // namespace impasto::kernels
