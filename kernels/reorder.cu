#include <impasto/ops/pixels.hpp>

#include <algorithm>

#include "core/context_state.hpp"
#include "core/elementwise.hpp"
#include "core/launch.cuh"
#include "core/shared.cuh"
#include "core/types.cuh"
#include "ops/checks.hpp"

// Between planar and interleaved is a transpose, C×P to P×C or back. A block owns a tile of 32×32:
// it reads 32 rows of 32 neighbours, keeps them as float in shared memory, whose rows are one word
// too long so that columns meet no bank conflict, and writes 32 rows of the result.

namespace impasto::kernels {

namespace {

constexpr int side = 32, lines = 8;  // a thread moves side / lines elements

struct tile_shared {
    float values[side][side + 1];
};

template <class From, class To>
__global__ void __launch_bounds__(side* lines)
    transpose_kernel(int rows, int columns, const From* from, To* to) {
    auto& tile = shared_memory<tile_shared>();
    const auto image = static_cast<std::int64_t>(blockIdx.z) * rows * columns;
    const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
    // The longer extent, that of pixels, is to lie along the grid's x, which alone is unbounded.
    const bool wide = columns > rows;
    const int left = static_cast<int>(wide ? blockIdx.x : blockIdx.y) * side;
    const int top = static_cast<int>(wide ? blockIdx.y : blockIdx.x) * side;
    for (int i = y; i < side; i += lines)
        if (top + i < rows && left + x < columns)
            tile.values[i][x] =
                to_float(from[image + static_cast<std::int64_t>(top + i) * columns + left + x]);
    __syncthreads();
    for (int i = y; i < side; i += lines)
        if (left + i < columns && top + x < rows)
            to[image + static_cast<std::int64_t>(left + i) * rows + top + x] =
                from_float<To>(tile.values[x][i]);
}

/// The same order, another type: a thread owns one element.
template <class From, class To>
__global__ void __launch_bounds__(elementwise_threads)
    convert_kernel(std::int64_t elements, const From* from, To* to) {
    const auto at = static_cast<std::int64_t>(blockIdx.x) * elementwise_threads + threadIdx.x;
    if (at < elements)
        to[at] = from_float<To>(to_float(from[at]));
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

template <class From, class To, class Device>
void reorder(context<Device>& ctx, in_view<From, Device> from, out_view<To, Device> to) {
    using namespace kernels;
    detail::expect_reorder(from, to);
    const auto& s = from.shape();
    if (from.size() == 0)
        return;
    if (from.layout() == to.layout()) {
        launch(convert_kernel<stored<From>, stored<To>>, blocks_for(from.size()),
               elementwise_threads, 0, ctx.get().stream, from.size(), from.data(), to.data());
        return;
    }
    const auto c = static_cast<int>(s.c), p = static_cast<int>(index_of("reorder", s.pixels()));
    const bool interleave = to.layout() == layout::nhwc;
    const dim3 tiles(static_cast<unsigned>(ceil_div(std::max(c, p), side)),
                     static_cast<unsigned>(ceil_div(std::min(c, p), side)),
                     static_cast<unsigned>(s.n));
    launch(transpose_kernel<stored<From>, stored<To>>, tiles, dim3(side, lines),
           sizeof(tile_shared), ctx.get().stream, interleave ? c : p, interleave ? p : c,
           from.data(), to.data());
}

template decltype(reorder<float, float, cuda>) reorder<float, float, cuda>;
template decltype(reorder<float, tf32, cuda>) reorder<float, tf32, cuda>;
template decltype(reorder<tf32, float, cuda>) reorder<tf32, float, cuda>;
template decltype(reorder<float, half, cuda>) reorder<float, half, cuda>;
template decltype(reorder<half, float, cuda>) reorder<half, float, cuda>;
template decltype(reorder<float, bfloat16, cuda>) reorder<float, bfloat16, cuda>;
template decltype(reorder<bfloat16, float, cuda>) reorder<bfloat16, float, cuda>;

}  // namespace impasto::ops
