#include "core/async_copy.cuh"
#include "core/mma.cuh"
#include "core/octet.cuh"
#include "core/shared.cuh"
#include "core/warp.cuh"
#include "gram_tiles.hpp"

// gradient += F·D on tensor cores, in TF32: elements of F have at most eleven significant bits and
// are exact in it, while those of D, spread over more powers of two than half has, keep eleven bits
// each. A block owns 128 pixels × 64 channels of the gradient; of F and D it takes 32 channels at a
// time, two buffers of them, filled by cp.async. F comes by ldmatrix as pairs of 16-bit elements,
// whose halves are two columns of a product of depth 8: column t of it stands for channel 2t,
// column t + 4 for channel 2t + 1, in F as in D. Each warp owns 32 pixels × 32 channels, and each
// thread eight neighbouring channels of four pixels, which it adds to the gradient 16 bytes at a
// time. Sums run over channels in order.

namespace impasto::kernels {

namespace {

constexpr int rows = 128, columns = 64, depth = 32, threads = 256;

template <class T>
struct backward_shared {
    T features[2][rows][depth];       // groups of eight at g ^ (row / 2 % 4)
    float d_gram[2][columns][depth];  // row n holds D[n][k]; groups of four, see d_swizzled
};

/// No two of the eight rows that ldmatrix reads at once meet in a bank.
[[nodiscard]] __device__ int f_swizzled(int row, int k) {
    return k ^ (row / 2 % 4 * 8);
}

/// Nor two of rows n, n + 1, n + 8 and n + 9, of which half a warp reads eight neighbours each.
[[nodiscard]] __device__ int d_swizzled(int row, int k) {
    return k ^ (row % 2 * 8 + row / 8 % 2 * 16);
}

struct backward_map {
    int channels;
    std::int64_t pixels;
};

/// `Group` neighbours, 16 bytes of them, of a row of channels; zeros where there are none.
template <class U>
__device__ void copy_group(U* to, const U* matrix, std::int64_t row, std::int64_t row_count,
                           int channel, int channels) {
    constexpr int group = 16 / static_cast<int>(sizeof(U));
    const U* from = matrix + row * channels + channel;
    if (channels % 8 == 0) {
        const bool valid = row < row_count && channel < channels;
        copy_async_16(to, valid ? from : matrix, valid);
        return;
    }
    for (int i = 0; i < group; ++i)
        to[i] = row < row_count && channel + i < channels ? from[i] : from_float<U>(0);
}

template <class T>
__device__ void copy_step(backward_shared<T>& shared, int buffer, const backward_map& map,
                          const T* features, const float* d_gram, int k) {
    const auto pixel = static_cast<std::int64_t>(blockIdx.x) * rows;
    const int channel = static_cast<int>(blockIdx.y) * columns;
#pragma unroll
    for (int i = 0; i < rows * depth / 8; i += threads) {
        const int at = i + static_cast<int>(threadIdx.x), row = at / 4, group = at % 4 * 8;
        copy_group(&shared.features[buffer][row][f_swizzled(row, group)], features, pixel + row,
                   map.pixels, k + group, map.channels);
    }
#pragma unroll
    for (int i = 0; i < columns * depth / 4; i += threads) {
        const int at = i + static_cast<int>(threadIdx.x), row = at / 8, group = at % 8 * 4;
        copy_group<float>(&shared.d_gram[buffer][row][d_swizzled(row, group)], d_gram,
                          channel + row, map.channels, k + group, map.channels);
    }
}

/// Both halves of a register of two 16-bit elements, as TF32, which is exact.
template <class T>
__device__ void split(std::uint32_t pair, std::uint32_t& low, std::uint32_t& high) {
    const auto l = static_cast<std::uint16_t>(pair), h = static_cast<std::uint16_t>(pair >> 16);
    low = __float_as_uint(to_float(T::from_bits(l)));
    high = __float_as_uint(to_float(T::from_bits(h)));
}

/// sums += F·D over one buffer, for the warp's 32 pixels from `row` and 32 channels from `column`.
/// Column c of product n stands for channel 8·(c / 2) + 2n + c % 2.
template <class T>
__device__ void multiply(const T (&f)[rows][depth], const float (&d)[columns][depth], int row,
                         int column, float (&sums)[2][4][4]) {
    const int lane = lane_id(), g = lane / 4, t = lane % 4;
#pragma unroll
    for (int k = 0; k < depth; k += 16) {
        std::uint32_t left[2][2][4];
#pragma unroll
        for (int m = 0; m < 2; ++m) {
            std::uint32_t pairs[4];
            const int pixel = row + m * 16 + lane % 16;
            ldmatrix_x4(pairs, &f[pixel][f_swizzled(pixel, k + lane / 16 * 8)]);
#pragma unroll
            for (int half_depth = 0; half_depth < 2; ++half_depth) {
                auto& a = left[m][half_depth];
                split<T>(pairs[half_depth * 2], a[0], a[2]);
                split<T>(pairs[half_depth * 2 + 1], a[1], a[3]);
            }
        }
#pragma unroll
        for (int n = 0; n < 4; ++n) {
            const int channel = column + g / 2 * 8 + n * 2 + g % 2;
#pragma unroll
            for (int half_depth = 0; half_depth < 2; ++half_depth) {
                const auto two = *reinterpret_cast<const float2*>(
                    &d[channel][d_swizzled(channel, k + half_depth * 8 + t * 2)]);
                const std::uint32_t right[2] = {to_tf32(two.x), to_tf32(two.y)};
                mma_m16n8k8_tf32(sums[0][n], left[0][half_depth], right);
                mma_m16n8k8_tf32(sums[1][n], left[1][half_depth], right);
            }
        }
    }
}

template <class T>
__global__ void __launch_bounds__(threads)
    gram_backward_kernel(backward_map map, const T* features, const float* d_gram, T* gradient) {
    auto& shared = shared_memory<backward_shared<T>>();
    const int steps = ceil_div(map.channels, depth);
    copy_step(shared, 0, map, features, d_gram, 0);
    copy_async_commit();

    const int warp = static_cast<int>(threadIdx.x) / warp_size;
    const int row = warp / 2 * 32, column = warp % 2 * 32;
    float sums[2][4][4] = {};
    for (int step = 0; step < steps; ++step) {
        if (step + 1 < steps)
            copy_step(shared, (step + 1) % 2, map, features, d_gram, (step + 1) * depth);
        copy_async_commit();
        copy_async_wait<1>();
        __syncthreads();
        multiply(shared.features[step % 2], shared.d_gram[step % 2], row, column, sums);
        __syncthreads();  // before the buffer is filled again
    }

    const int lane = lane_id(), g = lane / 4, t = lane % 4;
    const int channel = static_cast<int>(blockIdx.y) * columns + column + t * 8;
    const int count = octet_count(map.channels - channel);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const auto pixel =
            static_cast<std::int64_t>(blockIdx.x) * rows + row + i / 2 * 16 + i % 2 * 8 + g;
        if (pixel >= map.pixels)
            continue;
        T* to = gradient + pixel * map.channels + channel;
        octet sum = load_octet(to, count);
#pragma unroll
        for (int n = 0; n < 4; ++n) {
            sum[n * 2] += sums[i / 2][n][i % 2 * 2];
            sum[n * 2 + 1] += sums[i / 2][n][i % 2 * 2 + 1];
        }
        store_octet(to, sum, count);
    }
}

}  // namespace

template <class T>
void gram_backward_by_tiles(cudaStream_t stream, int channels, std::int64_t pixels,
                            const T* features, const float* d_gram, T* gradient) {
    launch(gram_backward_kernel<T>,
           dim3(static_cast<unsigned>(ceil_div<std::int64_t>(pixels, rows)),
                static_cast<unsigned>(ceil_div(channels, columns))),
           threads, sizeof(backward_shared<T>), stream, backward_map{channels, pixels}, features,
           d_gram, gradient);
}

template void gram_backward_by_tiles(cudaStream_t, int, std::int64_t, const half*, const float*,
                                     half*);
template void gram_backward_by_tiles(cudaStream_t, int, std::int64_t, const bfloat16*, const float*,
                                     bfloat16*);

}  // namespace impasto::kernels
