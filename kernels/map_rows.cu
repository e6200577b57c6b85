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
#include "ops/checks.hpp"

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

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

template <class T, class Device>
void row_maxima(context<Device>& ctx, in_view<T, Device> map, const map_window& window, float scale,
                out_view<float, Device> maxima) {
    using kernels::maxima_block;
    detail::expect_row_maxima(map, window, maxima);
    const auto rows = kernels::rows_of(map, window);
    const auto groups = kernels::ceil_div(rows.channels, maxima_block::channels);
    kernels::launch(kernels::row_maxima_kernel<stored<T>>,
                    dim3(static_cast<unsigned>(window.rows), static_cast<unsigned>(groups)),
                    maxima_block::threads, sizeof(kernels::maxima_shared), ctx.get().stream, rows,
                    scale, maxima.data());
}

template <class T, class Device>
void gather_rows(context<Device>& ctx, in_view<T, Device> map, const map_window& window,
                 std::span<const channel_row> wanted, float scale, out_view<float, Device> values) {
    detail::expect_gather_rows(map, window, wanted.size(), values);
    auto* list = ctx.get().template scratch_as<channel_row>(ctx, std::ssize(wanted));
    detail::copy_to_device(ctx, wanted.data(), list, wanted.size_bytes());
    kernels::for_each_index(
        ctx.get().stream, values.size(),
        [=, rows = kernels::rows_of(map, window), to = values.data()] __device__(std::int64_t i) {
            const auto [channel, row] = list[i / rows.columns];
            const auto x = i % rows.columns;
            to[i] = scale * kernels::to_float(
                                rows.first[row * rows.row_stride + x * rows.channels + channel]);
        });
}

template decltype(row_maxima<float, cuda>) row_maxima<float, cuda>;
template decltype(row_maxima<tf32, cuda>) row_maxima<tf32, cuda>;
template decltype(row_maxima<half, cuda>) row_maxima<half, cuda>;
template decltype(row_maxima<bfloat16, cuda>) row_maxima<bfloat16, cuda>;
template decltype(gather_rows<float, cuda>) gather_rows<float, cuda>;
template decltype(gather_rows<tf32, cuda>) gather_rows<tf32, cuda>;
template decltype(gather_rows<half, cuda>) gather_rows<half, cuda>;
template decltype(gather_rows<bfloat16, cuda>) gather_rows<bfloat16, cuda>;

}  // namespace impasto::ops
