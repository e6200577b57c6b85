#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>

#include <impasto/core/half.hpp>

#include "conv2d/conv2d_mma.cuh"
#include "conv2d/conv2d_pixels.cuh"
#include "conv2d/conv2d_simt.cuh"

/// Every tile that a convolution can be cut into, and the choice among them.
namespace impasto::kernels {

using simt_wide_tile = simt_tile<8, 16, 64>;
using simt_narrow_tile = simt_tile<16, 32, 8>;  // for the gradient of pixels

// Height and width, channels; a warp's pixels and channels; blocks that an SM is to hold.
using mma_large_tile = mma_tile<16, 16, 128, 64, 64, 1>;  // least traffic
using mma_medium_tile = mma_tile<8, 16, 128, 64, 64, 2>;
using mma_wide_tile = mma_tile<16, 16, 64, 64, 64, 2>;  // for 64 channels
using mma_small_tile =
    mma_tile<8, 8, 64, 32, 32, 4>;  // fills the GPU with little work; 1×1 filters
using mma_narrow_tile = mma_tile<16, 16, 8, 64, 8, 4>;  // for the gradient of pixels
using mma_pixels_tile = mma_wide_tile;

enum class conv_kernel {
    simt_wide,
    simt_narrow,
    mma_large,
    mma_medium,
    mma_wide,
    mma_small,
    mma_narrow,
    mma_point,  ///< mma_small with a 1×1 filter
    pixels,
};

/// Output channels of a tile: filters are laid out for whole tiles.
[[nodiscard]] constexpr int tile_channels(conv_kernel k) {
    switch (k) {
        case conv_kernel::simt_narrow:
        case conv_kernel::mma_narrow:
            return 8;
        case conv_kernel::mma_large:
        case conv_kernel::mma_medium:
            return 128;
        default:
            return 64;
    }
}

/// What a choice depends on besides the problem.
struct conv_machine {
    int multiprocessors;
    std::size_t shared_bytes;  ///< that a block may have
    bool tensor_cores;         ///< that know the type, and are wanted
};

namespace detail {

// Rounds of blocks over the multiprocessors × the size of a tile ÷ how near a multiprocessor with
// such tiles comes to its peak, estimated by the bytes that shared memory moves for a product.
template <class T, class Tile>
double tile_cost(const conv_problem& p, const conv_machine& machine, double rate) {
    if (sizeof(typename mma_pipeline<T, Tile, 3>::shared) > machine.shared_bytes)
        return std::numeric_limits<double>::infinity();
    const auto rounds = ceil_div<std::int64_t>(tile_count<Tile>(p), machine.multiprocessors);
    return static_cast<double>(rounds * Tile::pixels * Tile::channels) / rate;
}

template <class T>
conv_kernel cheapest_tile(const conv_problem& p, const conv_machine& machine) {
    const std::pair<conv_kernel, double> costs[] = {
        {conv_kernel::mma_large, tile_cost<T, mma_large_tile>(p, machine, 1.0)},
        {conv_kernel::mma_medium, tile_cost<T, mma_medium_tile>(p, machine, 0.9)},
        {conv_kernel::mma_wide, tile_cost<T, mma_wide_tile>(p, machine, 0.85)},
        {conv_kernel::mma_small, tile_cost<T, mma_small_tile>(p, machine, 0.6)}};
    const auto* best = std::begin(costs);
    for (const auto& candidate : costs)
        if (candidate.second < best->second)
            best = &candidate;
    return best->first;
}

}  // namespace detail

/// Never fails: conv2d_simt does what the others cannot.
template <class T>
[[nodiscard]] conv_kernel choose_kernel(const conv_problem& p, bool planar_input,
                                        const conv_machine& machine) {
    const bool few_outputs = p.out_channels <= 8;
    if (machine.tensor_cores && planar_input && p.kernel == 3 && p.in_channels == pixel_channels)
        return conv_kernel::pixels;
    if (!machine.tensor_cores || planar_input || p.in_channels % vec16<T>::size != 0 ||
        p.kernel == 2)
        return few_outputs ? conv_kernel::simt_narrow : conv_kernel::simt_wide;
    if (p.kernel == 1)
        return conv_kernel::mma_point;
    return few_outputs ? conv_kernel::mma_narrow : detail::cheapest_tile<T>(p, machine);
}

}  // namespace impasto::kernels
