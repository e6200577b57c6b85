#pragma once

#include <cstddef>

#include <cuda_runtime.h>

#include "conv2d/backward_epilogue.cuh"
#include "conv2d/forward_epilogue.cuh"
#include "conv2d/tiles.cuh"

namespace impasto::kernels {

/// Filters on the device, laid out for the kernel that reads them, with `rows` output channels.
struct conv_filters {
    const std::byte* data;
    int rows;
};

/// One convolution by the kernel named. Its filters must be laid out for it, and its input planar
/// where, and only where, planar_input says so.
template <class T, class Epilogue>
void convolve(cudaStream_t stream, conv_kernel kernel, const conv_problem& p,
              const conv_input<T>& input, bool planar_input, const conv_filters& filters,
              const Epilogue& epilogue);

}  // namespace impasto::kernels
