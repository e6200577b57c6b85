#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include "conv2d/halo_gates.cuh"
#include "conv2d/input.cuh"
#include "conv2d/wgmma_tile.cuh"
#include "core/async_copy.cuh"

namespace impasto::kernels {

/// Finds each pixel of a tile's input in the map, once for all channels. By all threads of the
/// block, which then wait for each other.
template <class T, class Tile>
__device__ void find_places(const conv_problem& p, const tile_origin& origin,
                            const conv_input<T>& input, halo_places<Tile>& places) {
    using halo = wgmma_halo<Tile>;
    for (int i = static_cast<int>(threadIdx.x); i < halo::pixels; i += Tile::threads) {
        const auto [y, x] = halo_position(p, origin, i, halo::width);
        const bool inside = input.contains(p, y, x);
        places.pixels[i] = inside ? input.pixel_index(p, y, x) : -1;
        places.gates[i] = inside ? y * p.in_width + x : -1;
    }
}

/// Brings a tile's input with its margin to shared memory, in equal pieces. Some threads of the
/// block share the work, a multiple of eight, of which this one is number `thread`. Who copied a
/// chunk also closes its gates: nobody need wait in between but for the copy.
template <class T, class Tile, int Threads, int Pieces>
class halo_reader {
public:
    using halo = wgmma_halo<Tile>;

    static constexpr int pieces = Pieces;
    static constexpr int pixels_at_once = Threads / wgmma_row_chunks;
    /// Chunks of a piece for each thread, of different pixels.
    static constexpr int share = ceil_div(ceil_div(halo::pixels, pixels_at_once), Pieces);

    __device__ halo_reader(const conv_input<T>& input, int in_channels,
                           const halo_places<Tile>& places, int thread)
        : input_(input),
          places_(places),
          in_channels_(in_channels),
          first_pixel_(thread / wgmma_row_chunks),
          chunk_(thread % wgmma_row_chunks) {}

    __device__ void copy(int piece, int block, halo& to) const {
        const int channel = first_channel(block);
        for_each_chunk(piece, [&](int, int pixel) {
            const std::int32_t from = places_.pixels[pixel];
            const bool here = from >= 0 && channel < in_channels_;
            const auto offset = static_cast<std::int64_t>(from) * in_channels_ + channel;
            copy_async_16(to.rows + wgmma_swizzled(pixel, chunk_),
                          input_.data + (here ? offset : 0), here);
        });
    }

    [[nodiscard]] __device__ bool gated() const { return input_.gates != nullptr; }

    /// The gates of a piece, a bit for each value of a chunk.
    struct gates {
        std::uint8_t open[share] = {};
    };
    [[nodiscard]] __device__ gates gates_of(int piece, int block) const {
        const int channel = first_channel(block);
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(input_.gates) + channel / 8;
        gates result;
        for_each_chunk(piece, [&](int i, int pixel) {
            const std::int32_t at = places_.gates[pixel];
            if (at >= 0 && channel < in_channels_)  // elsewhere it is zero anyway
                result.open[i] = bytes[static_cast<std::int64_t>(at) * input_.gate_words * 4];
        });
        return result;
    }

    /// Of a piece that has arrived for this thread.
    __device__ void close_gates(int piece, const gates& g, halo& to) const {
        const int bit = chunk_ * vec16<T>::size % 8;  // TF32 takes half of a byte
        for_each_chunk(piece, [&](int i, int pixel) {
            kernels::close_gates<T, sizeof(T) == 4>(to.rows + wgmma_swizzled(pixel, chunk_),
                                                    g.open[i] >> bit);
        });
    }

private:
    [[nodiscard]] __device__ int first_channel(int block) const {
        return block * wgmma_row_values<T> + chunk_ * vec16<T>::size;
    }

    /// work(number in the share, pixel)
    template <class Work>
    __device__ void for_each_chunk(int piece, const Work& work) const {
        const int first = first_pixel_ + piece * share * pixels_at_once;
#pragma unroll
        for (int i = 0; i < share; ++i)
            if (const int pixel = first + i * pixels_at_once; pixel < halo::pixels)
                work(i, pixel);
    }

    const conv_input<T>& input_;
    const halo_places<Tile>& places_;
    int in_channels_, first_pixel_, chunk_;
};

}  // namespace impasto::kernels
