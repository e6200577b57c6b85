#include <impasto/ops/map_rows.hpp>

#include <limits>

#include <impasto/ops/transfer.hpp>

#include "core/context_state.hpp"
#include "core/for_each.cuh"
#include "core/launch.cuh"
#include "core/octet.cuh"
#include "core/reduce.cuh"
#include "core/shared.cuh"
#include "core/types.cuh"
#include "core/warp.cuh"

// Both read a window of a map in nhwc, [pixels][channels]. A maximum depends on no order, so that
// the results are the CPU's to the last bit.

namespace impasto::kernels {

namespace {

/// A block owns 64 channels of a row of the window: 8 octets side by side, which are 128 bytes of a
/// pixel in 16 bit, by 32 pixels at a time.
struct maxima_block {
    static constexpr int octets = 8, pixels = 32;
    static constexpr int channels = octets * octet::size, threads = octets * pixels;
    static constexpr int warps = threads / warp_size;
};

struct maxima_shared {
    float of_warp[maxima_block::warps][maxima_block::channels];
};

/// A window's first pixel, and how far apart its rows are, in elements.
template <class T>
struct rows_view {
    const T* first;
    std::int64_t row_stride;
    int channels, columns;
};

/// A thread owns an octet of every 32nd pixel. Four pixels of a warp come together by shuffles, the
/// warps through shared memory. maxima: [rows][channels].
template <class T>
__global__ void __launch_bounds__(maxima_block::threads)
    row_maxima_kernel(rows_view<T> map, float scale, float* maxima) {
    using block = maxima_block;
    auto& shared = shared_memory<maxima_shared>();
    const int thread = static_cast<int>(threadIdx.x), mine = thread % block::octets;
    const int first = static_cast<int>(blockIdx.y) * block::channels;
    const int channel = first + mine * octet::size, count = octet_count(map.channels - channel);
    const T* row = map.first + static_cast<std::int64_t>(blockIdx.x) * map.row_stride + channel;

    octet best;
    for (int i = 0; i < octet::size; ++i)
        best[i] = -std::numeric_limits<float>::infinity();
    if (count > 0) {
#pragma unroll 4
        for (int x = thread / block::octets; x < map.columns; x += block::pixels) {
            const auto value = load_octet(row + static_cast<std::int64_t>(x) * map.channels, count);
            for (int i = 0; i < octet::size; ++i)
                best[i] = larger{}(best[i], value[i]);
        }
    }
    for (int i = 0; i < octet::size; ++i) {
        for (int lanes = block::octets; lanes < warp_size; lanes *= 2)
            best[i] = larger{}(best[i], shuffle_xor(best[i], lanes));
        if (lane_id() < block::octets)
            shared.of_warp[thread / warp_size][mine * octet::size + i] = best[i];
    }
    __syncthreads();
    if (thread >= block::channels || first + thread >= map.channels)
        return;
    float largest = shared.of_warp[0][thread];
    for (int warp = 1; warp < block::warps; ++warp)
        largest = larger{}(largest, shared.of_warp[warp][thread]);
    maxima[static_cast<std::int64_t>(blockIdx.x) * map.channels + first + thread] = scale * largest;
}

template <class T>
rows_view<T> rows_of(tensor_view<const T, cuda> map, const ops::map_window& window) {
    const auto [n, c, h, w] = map.shape();
    return {map.data() + (window.first_row * w + window.first_column) * c, w * c,
            static_cast<int>(c), static_cast<int>(window.columns)};
}

template <class T>
void maxima(context<cuda>& ctx, tensor_view<const T, cuda> map, const ops::map_window& window,
            float scale, tensor_view<float, cuda> result) {
    expect_layout("row_maxima", "map", layout::nhwc, map.layout());
    ops::detail::expect_maxima(map.shape(), map.layout(), window, result.shape(), result.layout());
    const auto rows = rows_of(map, window);
    const dim3 grid(static_cast<unsigned>(window.rows),
                    static_cast<unsigned>(ceil_div(rows.channels, maxima_block::channels)));
    launch(row_maxima_kernel<T>, grid, maxima_block::threads, sizeof(maxima_shared),
           ctx.get().stream, rows, scale, result.data());
}

template <class T>
void gather(context<cuda>& ctx, tensor_view<const T, cuda> map, const ops::map_window& window,
            std::span<const ops::channel_row> wanted, float scale,
            tensor_view<float, cuda> values) {
    expect_layout("gather_rows", "map", layout::nhwc, map.layout());
    ops::detail::expect_rows(map.shape(), map.layout(), window, wanted.size(), values.shape(),
                             values.layout());
    auto* list = ctx.get().scratch_as<ops::channel_row>(ctx, std::ssize(wanted));
    ops::detail::copy_to_device(ctx, wanted.data(), list, wanted.size_bytes());
    for_each_index(
        ctx.get().stream, values.size(),
        [=, rows = rows_of(map, window), to = values.data()] __device__(std::int64_t i) {
            const auto [channel, row] = list[i / rows.columns];
            const auto x = i % rows.columns;
            to[i] =
                scale * to_float(rows.first[row * rows.row_stride + x * rows.channels + channel]);
        });
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

void row_maxima(context<cuda>& ctx, tensor_view<const float, cuda> map, const map_window& window,
                float scale, tensor_view<float, cuda> maxima) {
    kernels::maxima(ctx, map, window, scale, maxima);
}
void row_maxima(context<cuda>& ctx, tensor_view<const half, cuda> map, const map_window& window,
                float scale, tensor_view<float, cuda> maxima) {
    kernels::maxima(ctx, map, window, scale, maxima);
}
void row_maxima(context<cuda>& ctx, tensor_view<const bfloat16, cuda> map, const map_window& window,
                float scale, tensor_view<float, cuda> maxima) {
    kernels::maxima(ctx, map, window, scale, maxima);
}

void gather_rows(context<cuda>& ctx, tensor_view<const float, cuda> map, const map_window& window,
                 std::span<const channel_row> wanted, float scale,
                 tensor_view<float, cuda> values) {
    kernels::gather(ctx, map, window, wanted, scale, values);
}
void gather_rows(context<cuda>& ctx, tensor_view<const half, cuda> map, const map_window& window,
                 std::span<const channel_row> wanted, float scale,
                 tensor_view<float, cuda> values) {
    kernels::gather(ctx, map, window, wanted, scale, values);
}
void gather_rows(context<cuda>& ctx, tensor_view<const bfloat16, cuda> map,
                 const map_window& window, std::span<const channel_row> wanted, float scale,
                 tensor_view<float, cuda> values) {
    kernels::gather(ctx, map, window, wanted, scale, values);
}

}  // namespace impasto::ops
