#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include <impasto/core/half.hpp>

#include "conv2d/conv2d_mma.cuh"
#include "conv2d/conv2d_pixels.cuh"
#include "conv2d/conv2d_simt.cuh"
#include "conv2d/conv2d_wgmma.cuh"

/// Every tile that a convolution can be cut into, and the choice among them.
namespace impasto::kernels {

using simt_wide_tile = simt_tile<8, 16, 64>;
using simt_narrow_tile = simt_tile<16, 32, 8>;  // for the gradient of pixels

// Height and width, channels; a warp's pixels and channels; blocks that an SM is to hold.
using mma_medium_tile = mma_tile<8, 16, 128, 64, 64, 2>;
using mma_wide_tile = mma_tile<16, 16, 64, 64, 64, 2>;  // for 64 channels
using mma_small_tile =
    mma_tile<8, 8, 64, 32, 32, 4>;  // fills the GPU with little work; 1×1 filters
using mma_narrow_tile = mma_tile<16, 16, 8, 64, 8, 4>;  // for the gradient of pixels
using mma_pixels_tile = mma_tile<16, 8, 64, 32, 32, 3>;

// Channels; stages of filters; blocks that an SM is to hold; registers of who multiplies and
// fetches.
using wgmma_wide_tile = wgmma_tile<128, 4, 2, 200, 56>;
using wgmma_narrow_tile = wgmma_tile<64, 3, 3, 112, 48>;

enum class conv_kernel {
    simt_wide,
    simt_narrow,
    mma_medium,
    mma_wide,
    mma_small,
    mma_narrow,
    mma_point,  ///< mma_small with a 1×1 filter
    wgmma_wide,
    wgmma_narrow,
    pixels,
};

/// Output channels of a tile: filters are laid out for whole tiles.
[[nodiscard]] constexpr int tile_channels(conv_kernel k) {
    switch (k) {
        case conv_kernel::simt_narrow:
        case conv_kernel::mma_narrow:
            return 8;
        case conv_kernel::mma_medium:
        case conv_kernel::wgmma_wide:
            return 128;
        default:
            return 64;
    }
}

/// Whose filters a kernel reads: those of one family lie alike in memory, with as many rows.
enum class filter_family { simt, mma, wgmma, pixels };

[[nodiscard]] constexpr filter_family family_of(conv_kernel k) {
    switch (k) {
        case conv_kernel::simt_wide:
        case conv_kernel::simt_narrow:
            return filter_family::simt;
        case conv_kernel::wgmma_wide:
        case conv_kernel::wgmma_narrow:
            return filter_family::wgmma;
        case conv_kernel::pixels:
            return filter_family::pixels;
        default:
            return filter_family::mma;
    }
}

/// Bytes of K in a row of filters, for kernels that multiply by tensor cores.
[[nodiscard]] constexpr int filter_row_bytes(conv_kernel k) {
    return family_of(k) == filter_family::wgmma ? wgmma_row_bytes : row_bytes;
}

/// What a choice depends on besides the problem.
struct conv_machine {
    int multiprocessors;
    std::size_t shared_bytes;  ///< that a block may have
    bool tensor_cores;         ///< that know the type, and are wanted
    bool warpgroups;           ///< that there are besides, as wgmma wants them
};

namespace detail {

// Rounds of blocks over the multiprocessors × the size of a tile ÷ how near a multiprocessor with
// such tiles comes to its peak.
template <class Tile>
double tile_cost(const conv_problem& p, const conv_machine& machine, std::size_t shared_bytes,
                 double rate) {
    if (shared_bytes > machine.shared_bytes)
        return std::numeric_limits<double>::infinity();
    const auto rounds = ceil_div<std::int64_t>(tile_count<Tile>(p), machine.multiprocessors);
    return static_cast<double>(rounds * Tile::pixels * Tile::channels) / rate;
}

template <class T, class Tile>
double mma_cost(const conv_problem& p, const conv_machine& machine, double rate) {
    return tile_cost<Tile>(p, machine, sizeof(typename mma_pipeline<T, Tile, 3>::shared), rate);
}
template <class Tile>
double wgmma_cost(const conv_problem& p, const conv_machine& machine, double rate) {
    return tile_cost<Tile>(p, machine, wgmma_shared<Tile>::bytes(2), rate);
}

struct candidate {
    conv_kernel kernel;
    double cost;
};
[[nodiscard]] inline conv_kernel cheapest(std::initializer_list<candidate> all) {
    return std::ranges::min(all, {}, &candidate::cost).kernel;
}

template <class T>
conv_kernel cheapest_tile(const conv_problem& p, const conv_machine& machine) {
    if (machine.warpgroups)
        return cheapest(
            {{conv_kernel::wgmma_wide, wgmma_cost<wgmma_wide_tile>(p, machine, 1.0)},
             {conv_kernel::wgmma_narrow, wgmma_cost<wgmma_narrow_tile>(p, machine, 0.75)}});
    return cheapest({{conv_kernel::mma_medium, mma_cost<T, mma_medium_tile>(p, machine, 1.0)},
                     {conv_kernel::mma_wide, mma_cost<T, mma_wide_tile>(p, machine, 0.92)},
                     {conv_kernel::mma_small, mma_cost<T, mma_small_tile>(p, machine, 0.6)}});
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
