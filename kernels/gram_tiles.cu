#include "gram_tiles.hpp"

#include "core/async_copy.cuh"
#include "core/mma.cuh"
#include "core/shared.cuh"
#include "core/types.cuh"
#include "core/warp.cuh"

// G = FᵀF of a map [pixels][channels] of 16-bit elements on tensor cores. A block owns one tile of
// the upper triangle, Side×Side, and one run of pixels: A is the transpose of 32 pixels × Side
// channels, B the same of the tile's other channels (the very same on the diagonal), and both come
// transposed out of shared memory by ldmatrix. Three buffers of 32 pixels are filled by cp.async
// while one is multiplied. Each warp owns Side/2 × 32 of the tile, in float. The block leaves its
// sum in scratch; gram_finish_kernel adds the runs in order, and mirrors.

namespace impasto::kernels {

namespace {

constexpr int depth = gram_plan::depth, stages = 3;

template <class T, int Side>
struct gram_shared {
    // Rows of pixels in groups of eight channels, swizzled: group g of row r lies at g ^ (r % 8),
    // so that the eight rows that ldmatrix reads at once lie in different banks.
    T a[stages][depth][Side];
    T b[stages][depth][Side];
};

template <int Side>
constexpr int gram_threads = Side * 2;
/// Blocks that an SM is to hold at once: what keeps the registers of a thread to 128, and copies
/// enough under way.
template <int Side>
constexpr int blocks_of_sm = Side == 64 ? 4 : 2;

[[nodiscard]] __device__ int swizzled(int row, int channel) {
    return channel ^ (row % 8 * 8);
}

struct gram_map {
    int channels;
    std::int64_t pixels;
    std::int64_t run;
};

/// Eight channels of a pixel, or zeros past the end of either.
template <class T>
__device__ void copy_group(T* to, const T* map, std::int64_t pixel, std::int64_t end, int channel,
                           int channels) {
    const T* from = map + pixel * channels + channel;
    if (channels % 8 == 0) {
        const bool valid = pixel < end && channel < channels;
        copy_async_16(to, valid ? from : map, valid);
        return;
    }
    for (int i = 0; i < 8; ++i)
        to[i] = pixel < end && channel + i < channels ? from[i] : from_float<T>(0);
}

template <class T, int Side>
__device__ void copy_tile(T (&to)[depth][Side], const T* features, const gram_map& map,
                          std::int64_t first, std::int64_t end, int channel) {
    constexpr int groups = Side / 8;
#pragma unroll
    for (int i = 0; i < depth * groups; i += gram_threads<Side>) {
        const int at = i + static_cast<int>(threadIdx.x);
        const int row = at / groups, group = at % groups * 8;
        copy_group(&to[row][swizzled(row, group)], features, first + row, end, channel + group,
                   map.channels);
    }
}

/// sums += AᵀB over one buffer; the warp's part begins at `row` and `column` of the tile.
template <class T, int Side>
__device__ void multiply(const T (&a)[depth][Side], const T (&b)[depth][Side], int row, int column,
                         float (&sums)[Side / 32][4][4]) {
    const int lane = lane_id(), line = lane % 8;
#pragma unroll
    for (int k = 0; k < depth; k += 16) {
        std::uint32_t left[Side / 32][4], right[2][4];
#pragma unroll
        for (int m = 0; m < Side / 32; ++m) {
            const int pixel = k + line + lane / 16 * 8;
            ldmatrix_x4_trans(left[m], &a[pixel][swizzled(pixel, row + m * 16 + lane / 8 % 2 * 8)]);
        }
#pragma unroll
        for (int n = 0; n < 2; ++n) {
            const int pixel = k + line + lane / 8 % 2 * 8;
            ldmatrix_x4_trans(right[n],
                              &b[pixel][swizzled(pixel, column + n * 16 + lane / 16 * 8)]);
        }
#pragma unroll
        for (int m = 0; m < Side / 32; ++m)
#pragma unroll
            for (int n = 0; n < 4; ++n)
                mma_m16n8k16<T>(sums[m][n], left[m],
                                {right[n / 2][n % 2 * 2], right[n / 2][n % 2 * 2 + 1]});
    }
}

template <class T, int Side>
__global__ void __launch_bounds__(gram_threads<Side>, blocks_of_sm<Side>)
    gram_kernel(gram_map map, const T* features, float* partials) {
    auto& shared = shared_memory<gram_shared<T, Side>>();
    const gram_tile tile(static_cast<int>(blockIdx.y), ceil_div(map.channels, Side));
    const bool diagonal = tile.row == tile.column;
    const auto first = blockIdx.x * map.run;
    const auto end = first + map.run < map.pixels ? first + map.run : map.pixels;
    const int steps = static_cast<int>(ceil_div<std::int64_t>(end - first, depth));

    const auto fetch = [&](int step) {
        if (step < steps) {
            const auto pixel = first + std::int64_t{step} * depth;
            copy_tile(shared.a[step % stages], features, map, pixel, end, tile.row * Side);
            if (!diagonal)
                copy_tile(shared.b[step % stages], features, map, pixel, end, tile.column * Side);
        }
        copy_async_commit();
    };
    for (int step = 0; step < stages - 1; ++step)
        fetch(step);

    const int warp = static_cast<int>(threadIdx.x) / warp_size;
    const int row = warp % 2 * (Side / 2), column = warp / 2 * 32;
    float sums[Side / 32][4][4] = {};
    for (int step = 0; step < steps; ++step) {
        copy_async_wait<stages - 2>();
        __syncthreads();  // this step's buffer is full, the last one's is read
        fetch(step + stages - 1);
        const auto& a = shared.a[step % stages];
        if (diagonal)
            multiply(a, a, row, column, sums);
        else
            multiply(a, shared.b[step % stages], row, column, sums);
    }
    copy_async_wait<0>();

    float* to =
        partials + (static_cast<std::int64_t>(blockIdx.y) * gridDim.x + blockIdx.x) * (Side * Side);
    const int lane = lane_id();
#pragma unroll
    for (int m = 0; m < Side / 32; ++m)
#pragma unroll
        for (int n = 0; n < 4; ++n)
#pragma unroll
            for (int half_row = 0; half_row < 2; ++half_row) {
                const int r = row + m * 16 + lane / 4 + half_row * 8;
                const int c = column + n * 8 + lane % 4 * 2;
                *reinterpret_cast<float2*>(to + r * Side + c) =
                    make_float2(sums[m][n][half_row * 2], sums[m][n][half_row * 2 + 1]);
            }
}

constexpr int finish_threads = 256;

/// A thread owns one element of one tile: it adds what the runs left, in order, and writes the sum
/// to both triangles.
__global__ void __launch_bounds__(finish_threads)
    gram_finish_kernel(int channels, int side, int splits, const float* partials, float* gram) {
    const gram_tile tile(static_cast<int>(blockIdx.y), ceil_div(channels, side));
    const int at = static_cast<int>(blockIdx.x) * finish_threads + static_cast<int>(threadIdx.x);
    const int i = tile.row * side + at / side, j = tile.column * side + at % side;
    if (j >= channels || i > j)
        return;
    const int square = side * side;
    const float* from = partials + static_cast<std::int64_t>(blockIdx.y) * splits * square + at;
    float sum = 0;
    for (int split = 0; split < splits; ++split)
        sum += from[static_cast<std::int64_t>(split) * square];
    gram[static_cast<std::int64_t>(i) * channels + j] = sum;
    gram[static_cast<std::int64_t>(j) * channels + i] = sum;
}

template <class T, int Side>
void launch_gram(cudaStream_t stream, const gram_plan& plan, const T* features, float* partials) {
    launch(gram_kernel<T, Side>,
           dim3(static_cast<unsigned>(plan.splits), static_cast<unsigned>(plan.tiles)),
           gram_threads<Side>, sizeof(gram_shared<T, Side>), stream,
           gram_map{plan.channels, plan.pixels, plan.run}, features, partials);
}

}  // namespace

template <class T>
void gram_by_tiles(cudaStream_t stream, const gram_plan& plan, const T* features, float* partials,
                   float* gram) {
    if (plan.side == 64)
        launch_gram<T, 64>(stream, plan, features, partials);
    else
        launch_gram<T, 128>(stream, plan, features, partials);
    launch(gram_finish_kernel,
           dim3(static_cast<unsigned>(ceil_div(plan.side * plan.side, finish_threads)),
                static_cast<unsigned>(plan.tiles)),
           finish_threads, 0, stream, plan.channels, plan.side, plan.splits, partials, gram);
}

template void gram_by_tiles(cudaStream_t, const gram_plan&, const half*, float*, float*);
template void gram_by_tiles(cudaStream_t, const gram_plan&, const bfloat16*, float*, float*);

}  // namespace impasto::kernels
