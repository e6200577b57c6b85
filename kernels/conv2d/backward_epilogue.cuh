#pragma once

#include "conv2d/map.cuh"

namespace impasto::kernels {

/// What becomes of a convolution's sums, backward: they are written, times a scale. (The gates and
/// the pool of the way forward were gone through where the gradient was read; see conv_input.)
template <class T>
struct backward_epilogue {
    nhwc_map<T> output;
    float scale;  ///< what is left of the pool: its own scale, a quarter of it for an average

    __device__ void operator()(int y, int x, int c, float (&v)[4][run]) const {
#pragma unroll
        for (int p = 0; p < 4; ++p) {
#pragma unroll
            for (int i = 0; i < run; ++i)
                v[p][i] *= scale;
            if (const int row = y + p / 2, column = x + p % 2;
                row < output.height && column < output.width)
                output.store(row, column, c, v[p]);
        }
    }
};

}  // namespace impasto::kernels
