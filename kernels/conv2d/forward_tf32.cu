#include "conv2d/convolve_kernels.cuh"

namespace impasto::kernels {

template void convolve(cudaStream_t, conv_kernel, const conv_problem&, const conv_input<float>&,
                       bool, const conv_filters&, const forward_epilogue<tf32>&);

}  // namespace impasto::kernels
