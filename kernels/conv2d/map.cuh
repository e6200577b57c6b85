#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include <impasto/core/shape.hpp>

#include "core/types.cuh"

namespace impasto::kernels {

/// Channels that a thread takes of a pixel at a time: sixteen bytes in 16 bit, a byte of mask.
inline constexpr int run = 8;

/// A feature map in nhwc, written by runs of eight channels that begin at a multiple of eight.
/// Where the channels are no multiple of eight the last run is short. data: 16-byte aligned.
/// Those of tf32 are rounded, see to_stored.
template <class T>
struct nhwc_map {
    stored<T>* data;
    int height, width, channels;

    __device__ void store(int y, int x, int c, const float (&v)[run]) const {
        stored<T>* to = data + (static_cast<std::int64_t>(y) * width + x) * channels + c;
        if (channels % run == 0) {
            constexpr int size = vec16<stored<T>>::size;
#pragma unroll
            for (int i = 0; i < run; i += size) {
                vec16<stored<T>> part;
#pragma unroll
                for (int j = 0; j < size; ++j)
                    part[j] = to_stored<T>(v[i + j]);
                store_vec16(to + i, part);
            }
        } else {
#pragma unroll
            for (int i = 0; i < run; ++i)
                if (c + i < channels)
                    to[i] = to_stored<T>(v[i]);
        }
    }
};

template <class T>
[[nodiscard]] nhwc_map<T> map_of(const shape& s, stored<T>* data) {
    return {data, static_cast<int>(s.h), static_cast<int>(s.w), static_cast<int>(s.c)};
}

/// The gates of a map, as ops::relu_mask lays them out in nhwc: a bit an element, whole words a
/// pixel. data: null where nobody asks for them.
struct gate_map {
    std::uint8_t* data;
    int words;  ///< of a pixel, of 32 bits

    __device__ void store(const std::int64_t pixel, int c, unsigned bits) const {
        data[pixel * words * 4 + c / run] = static_cast<std::uint8_t>(bits);
    }
};

[[nodiscard]] inline int gate_words(std::int64_t channels) {
    return static_cast<int>((channels + 31) / 32);
}

}  // namespace impasto::kernels
