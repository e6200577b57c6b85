#pragma once

#include <cstdint>

#include "conv2d/map.cuh"

namespace impasto::kernels {

enum class fused_pool { none, max, average };

/// What becomes of a convolution's sums, forward: bias, ReLU, 2×2 pooling, and the gates for the
/// way back, all before anything is written. A thread brings a window of two by two pixels, its
/// first row and column even, and a run of channels.
template <class T>
struct forward_epilogue {
    const float* bias;  ///< whole runs, zeros where there is none
    bool relu;
    fused_pool pool;
    float pool_scale;
    int height, width;   ///< before pooling
    nhwc_map<T> output;  ///< pooled where there is a pool
    gate_map gates;      ///< of the map before pooling; data may be null

    __device__ void operator()(int y, int x, int c, float (&v)[4][run]) const {
        unsigned open[4];
        activate(c, v, open);
        if (pool == fused_pool::none) {
#pragma unroll
            for (int p = 0; p < 4; ++p)
                if (contains(y + p / 2, x + p % 2))
                    output.store(y + p / 2, x + p % 2, c, v[p]);
        } else if (contains(y + 1, x + 1)) {
            reduce(v, open);
            output.store(y / 2, x / 2, c, v[0]);
        } else {
            open[0] = open[1] = open[2] = open[3] = 0;
        }
        if (gates.data == nullptr)
            return;
#pragma unroll
        for (int p = 0; p < 4; ++p)
            if (const int row = y + p / 2, column = x + p % 2; contains(row, column))
                gates.store(static_cast<std::int64_t>(row) * width + column, c, open[p]);
    }

private:
    [[nodiscard]] __device__ bool contains(int y, int x) const {
        return y < height && x < width;
    }

    __device__ void activate(int c, float (&v)[4][run], unsigned (&open)[4]) const {
#pragma unroll
        for (int p = 0; p < 4; ++p) {
            open[p] = 0;
#pragma unroll
            for (int i = 0; i < run; ++i) {
                v[p][i] += bias[c + i];
                open[p] |= (!relu || v[p][i] > 0.0f ? 1u : 0u) << i;
                if (relu)  // a NaN stays one
                    v[p][i] = v[p][i] < 0.0f ? 0.0f : v[p][i];
            }
        }
    }

    // To v[0]. Behind a maximum only its first place stays open.
    __device__ void reduce(float (&v)[4][run], unsigned (&open)[4]) const {
#pragma unroll
        for (int i = 0; i < run; ++i) {
            if (pool == fused_pool::average) {
                v[0][i] = (v[0][i] + v[1][i] + v[2][i] + v[3][i]) * (pool_scale / 4);
                continue;
            }
            unsigned first = 0;
            float best = v[0][i];
#pragma unroll
            for (unsigned p = 1; p < 4; ++p)
                if (v[p][i] > best) {
                    best = v[p][i];
                    first = p;
                }
#pragma unroll
            for (unsigned p = 0; p < 4; ++p)
                if (p != first)
                    open[p] &= ~(1u << i);
            v[0][i] = best * pool_scale;
        }
    }
};

}  // namespace impasto::kernels
