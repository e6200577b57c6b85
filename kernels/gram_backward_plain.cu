#include "core/launch.cuh"
#include "core/shared.cuh"
#include "core/types.cuh"
#include "gram_tiles.hpp"

// gradient += F·D where tensor cores know no TF32 (sm_75). A block owns 32 pixels × 32 channels, a
// thread four pixels of one channel; 32 channels of F and of D go through shared memory at a time.

namespace impasto::kernels {

namespace {

constexpr int side = 32, lines = 8;

struct plain_shared {
    float features[side][side];
    float d_gram[side][side];  // D[k][channel]; D is symmetric
};

template <class T>
__global__ void __launch_bounds__(side* lines)
    gram_backward_plain_kernel(int channels, std::int64_t pixels, const T* features,
                               const float* d_gram, T* gradient) {
    auto& shared = shared_memory<plain_shared>();
    const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
    const auto pixel = static_cast<std::int64_t>(blockIdx.x) * side;
    const int channel = static_cast<int>(blockIdx.y) * side + x;
    float sums[side / lines] = {};
    for (int first = 0; first < channels; first += side) {
        for (int i = y; i < side; i += lines) {
            const bool in_map = pixel + i < pixels && first + x < channels;
            const bool in_matrix = first + i < channels && channel < channels;
            shared.features[i][x] =
                in_map ? to_float(features[(pixel + i) * channels + first + x]) : 0;
            shared.d_gram[i][x] =
                in_matrix ? d_gram[static_cast<std::int64_t>(first + i) * channels + channel] : 0;
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < side; ++k)
#pragma unroll
            for (int i = 0; i < side / lines; ++i)
                sums[i] += shared.features[y + i * lines][k] * shared.d_gram[k][x];
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < side / lines; ++i) {
        const auto p = pixel + y + i * lines;
        if (p >= pixels || channel >= channels)
            continue;
        T& to = gradient[p * channels + channel];
        to = from_float<T>(to_float(to) + sums[i]);
    }
}

}  // namespace

template <class T>
void gram_backward_plain(cudaStream_t stream, int channels, std::int64_t pixels, const T* features,
                         const float* d_gram, T* gradient) {
    launch(gram_backward_plain_kernel<T>,
           dim3(static_cast<unsigned>(ceil_div<std::int64_t>(pixels, side)),
                static_cast<unsigned>(ceil_div(channels, side))),
           dim3(side, lines), sizeof(plain_shared), stream, channels, pixels, features, d_gram,
           gradient);
}

template void gram_backward_plain(cudaStream_t, int, std::int64_t, const half*, const float*,
                                  half*);

}  // namespace impasto::kernels
