#pragma once

#include <cstdint>

#include "conv2d/forward_epilogue.cuh"
#include "core/elementwise.hpp"
#include "core/octet.cuh"

// For sums that another convolution has left in memory. A thread owns a window of 2×2 pixels by
// eight channels, as the epilogue wants it; neighbours own neighbouring channels. Nothing is shared
// and nothing summed; each element is read once and written once.

namespace impasto::kernels {

template <class T>
__global__ void __launch_bounds__(elementwise_threads)
    apply_epilogue_kernel(unsigned windows, forward_epilogue<T> epilogue) {
    const unsigned at = blockIdx.x * elementwise_threads + threadIdx.x;
    if (at >= windows)
        return;
    const auto& map = epilogue.output;
    const auto runs = static_cast<unsigned>(ceil_div(map.channels, run));
    const auto columns = static_cast<unsigned>(ceil_div(map.width, 2));
    const unsigned window = at / runs;
    const int c = static_cast<int>(at - window * runs) * run;
    const int y = static_cast<int>(window / columns) * 2,
              x = static_cast<int>(window % columns) * 2;
    float v[4][run] = {};
#pragma unroll
    for (int p = 0; p < 4; ++p) {
        const int row = y + p / 2, column = x + p % 2;
        if (row >= map.height || column >= map.width)
            continue;
        const auto pixel = static_cast<std::int64_t>(row) * map.width + column;
        const octet sums =
            load_octet(map.data + pixel * map.channels + c, octet_count(map.channels - c));
#pragma unroll
        for (int i = 0; i < run; ++i)
            v[p][i] = sums[i];
    }
    epilogue(y, x, c, v);
}

/// In place, on a map of sums: bias, ReLU, gates. The epilogue must not pool.
template <class T>
void apply_epilogue(cudaStream_t stream, const forward_epilogue<T>& epilogue) {
    const auto& map = epilogue.output;
    const unsigned windows =
        index_of("conv2d", std::int64_t{ceil_div(map.height, 2)} * ceil_div(map.width, 2) *
                               ceil_div(map.channels, run));
    launch(apply_epilogue_kernel<T>, blocks_for(windows), elementwise_threads, 0, stream, windows,
           epilogue);
}

}  // namespace impasto::kernels
