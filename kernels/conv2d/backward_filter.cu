#include <impasto/ops/conv2d_backward_filter.hpp>

#include <cstdint>

#include "core/context_state.hpp"
#include "core/launch.cuh"
#include "core/shared.cuh"
#include "core/types.cuh"
#include "ops/checks.hpp"

namespace impasto::kernels {

namespace {

struct filter_problem {
    int in_height, in_width, in_channels;
    int out_height, out_width, out_channels;
    int kernel, padding;
    bool planar_input;
};

inline constexpr int tile = 32, threads_across = 16, filter_threads = 256;

struct filter_shared {
    float d_output[tile][tile + 1];  // [pixel][channel]
    float input[tile][tile + 1];
};

// The input pixel that a tap reads for output pixel `pixel`, or zero.
template <class T>
__device__ float tapped(const filter_problem& p, const T* input, int tap, int pixel, int c) {
    const int y = pixel / p.out_width + tap / p.kernel - p.padding;
    const int x = pixel % p.out_width + tap % p.kernel - p.padding;
    if (y < 0 || y >= p.in_height || x < 0 || x >= p.in_width || c >= p.in_channels)
        return 0;
    const auto where = static_cast<std::int64_t>(y) * p.in_width + x;
    return to_float(p.planar_input
                        ? input[static_cast<std::int64_t>(c) * p.in_height * p.in_width + where]
                        : input[where * p.in_channels + c]);
}

/// d_weights [out,in,k,k]: a block owns 32 outputs × 32 inputs of one tap and walks over all
/// pixels, 32 at a time; a thread owns 2×2 of them, and sums each 32 pixels before it adds them to
/// the rest.
template <class T>
__global__ void __launch_bounds__(filter_threads)
    backward_filter_kernel(filter_problem p, const T* input, const T* d_output, float* d_weights) {
    auto& shared = shared_memory<filter_shared>();
    const int first_out = static_cast<int>(blockIdx.x) * tile;
    const int first_in = static_cast<int>(blockIdx.y) * tile;
    const int tap = static_cast<int>(blockIdx.z), pixels = p.out_height * p.out_width;
    const int thread = static_cast<int>(threadIdx.x);
    const int row = thread / threads_across * 2, column = thread % threads_across * 2;
    float total[2][2] = {};
    for (int first = 0; first < pixels; first += tile) {
        for (int i = thread; i < tile * tile; i += filter_threads) {
            const int pixel = first + i / tile, c = i % tile;
            const bool inside = pixel < pixels && first_out + c < p.out_channels;
            const auto from = static_cast<std::int64_t>(pixel) * p.out_channels + first_out + c;
            shared.d_output[i / tile][c] = inside ? to_float(d_output[from]) : 0;
            shared.input[i / tile][c] =
                pixel < pixels ? tapped(p, input, tap, pixel, first_in + c) : 0;
        }
        __syncthreads();
        float part[2][2] = {};
        for (int k = 0; k < tile; ++k)
            for (int i = 0; i < 4; ++i)
                part[i / 2][i % 2] +=
                    shared.d_output[k][row + i / 2] * shared.input[k][column + i % 2];
        for (int i = 0; i < 4; ++i)
            total[i / 2][i % 2] += part[i / 2][i % 2];
        __syncthreads();
    }
    for (int i = 0; i < 4; ++i) {
        const int out = first_out + row + i / 2, in = first_in + column + i % 2;
        if (out < p.out_channels && in < p.in_channels)
            d_weights[(static_cast<std::int64_t>(out) * p.in_channels + in) * p.kernel * p.kernel +
                      tap] = total[i / 2][i % 2];
    }
}

inline constexpr int bias_rows = 8;

/// d_bias: a block owns 32 channels; eight warps take every eighth pixel each, and are added up in
/// their order.
template <class T>
__global__ void __launch_bounds__(bias_rows* tile)
    backward_bias_kernel(int pixels, int channels, const T* d_output, float* d_bias) {
    using sums = float[bias_rows][tile];
    auto& shared = shared_memory<sums>();
    const int lane = static_cast<int>(threadIdx.x) % tile;
    const int row = static_cast<int>(threadIdx.x) / tile;
    const int c = static_cast<int>(blockIdx.x) * tile + lane;
    double sum = 0;
    for (int pixel = row; pixel < pixels && c < channels; pixel += bias_rows)
        sum += to_float(d_output[static_cast<std::int64_t>(pixel) * channels + c]);
    shared[row][lane] = static_cast<float>(sum);
    __syncthreads();
    if (row != 0 || c >= channels)
        return;
    float total = 0;
    for (int i = 0; i < bias_rows; ++i)
        total += shared[i][lane];
    d_bias[c] = total;
}

template <class T>
void backward_filter(cudaStream_t stream, const filter_problem& p, const T* input,
                     const T* d_output, float* d_weights, float* d_bias) {
    const auto blocks = [](int extent) { return static_cast<unsigned>(ceil_div(extent, tile)); };
    const auto taps = static_cast<unsigned>(p.kernel * p.kernel);
    launch(backward_filter_kernel<T>, dim3(blocks(p.out_channels), blocks(p.in_channels), taps),
           filter_threads, sizeof(filter_shared), stream, p, input, d_output, d_weights);
    if (d_bias != nullptr)
        launch(backward_bias_kernel<T>, dim3(blocks(p.out_channels)), bias_rows * tile,
               sizeof(float[bias_rows][tile]), stream, p.out_height * p.out_width, p.out_channels,
               d_output, d_bias);
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

template <class T, class Device>
void conv2d_backward_filter(context<Device>& ctx, const conv_geometry& geometry,
                            in_view<T, Device> input, in_view<T, Device> d_output,
                            out_view<float, Device> d_weights, out_view<float, Device> d_bias) {
    detail::expect_conv2d_backward_filter(geometry, input, d_output, d_weights, d_bias);
    const auto &in = input.shape(), &out = d_output.shape();
    const auto extent = [](std::int64_t e) { return static_cast<int>(e); };
    kernels::backward_filter(
        ctx.get().stream,
        {extent(in.h), extent(in.w), extent(in.c), extent(out.h), extent(out.w), extent(out.c),
         extent(geometry.kernel), extent(geometry.padding), input.layout() == layout::nchw},
        input.data(), d_output.data(), d_weights.data(), d_bias.data());
}

template decltype(conv2d_backward_filter<float, cuda>) conv2d_backward_filter<float, cuda>;
template decltype(conv2d_backward_filter<half, cuda>) conv2d_backward_filter<half, cuda>;
template decltype(conv2d_backward_filter<bfloat16, cuda>) conv2d_backward_filter<bfloat16, cuda>;

}  // namespace impasto::ops
