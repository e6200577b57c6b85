#pragma once

#include <cstdint>

#include "core/types.cuh"

/// Eight neighbouring channels of a pixel in registers: what a thread of the elementwise kernels
/// owns. Their bits in a ReLU mask make a byte, their places in an argmax two.
namespace impasto::kernels {

struct octet {
    static constexpr int size = 8;

    float values[size];

    __device__ float& operator[](int i) { return values[i]; }
    __device__ float operator[](int i) const { return values[i]; }
};

namespace detail {

[[nodiscard]] __device__ inline bool is_whole(const void* at, int count) {
    return count >= octet::size && reinterpret_cast<std::uintptr_t>(at) % 16 == 0;
}

}  // namespace detail

/// How many of an octet's eight exist where `left` elements are left.
[[nodiscard]] __device__ inline int octet_count(std::int64_t left) {
    return left < octet::size ? static_cast<int>(left) : octet::size;
}

/// The first channel of octet `index` of a row of pixels in nhwc, and how many of its eight exist:
/// none or fewer where the row was padded to whole words of a mask.
struct octet_place {
    __device__ octet_place(unsigned index, int per_pixel, int channels)
        : pixel(index / static_cast<unsigned>(per_pixel)),
          channel(static_cast<int>(index - pixel * static_cast<unsigned>(per_pixel)) * octet::size),
          count(octet_count(channels - channel)),
          first(static_cast<std::int64_t>(pixel) * channels + channel) {}

    unsigned pixel;
    int channel, count;
    std::int64_t first;  ///< element that it begins at
};

/// count: how many of the eight exist; the others read as zero. Sixteen bytes an access where all
/// exist and the address allows it, as with every number of channels that is a multiple of 8.
template <class T>
[[nodiscard]] __device__ octet load_octet(const T* from, int count) {
    octet result{};
    if (detail::is_whole(from, count)) {
#pragma unroll
        for (int i = 0; i < octet::size; i += vec16<T>::size) {
            const auto part = load_vec16(from + i);
#pragma unroll
            for (int j = 0; j < vec16<T>::size; ++j)
                result[i + j] = to_float(part[j]);
        }
    } else {
#pragma unroll
        for (int i = 0; i < octet::size; ++i)
            if (i < count)
                result[i] = to_float(from[i]);
    }
    return result;
}

template <class T>
__device__ void store_octet(T* to, const octet& value, int count) {
    if (detail::is_whole(to, count)) {
#pragma unroll
        for (int i = 0; i < octet::size; i += vec16<T>::size) {
            vec16<T> part;
#pragma unroll
            for (int j = 0; j < vec16<T>::size; ++j)
                part[j] = from_float<T>(value[i + j]);
            store_vec16(to + i, part);
        }
    } else {
#pragma unroll
        for (int i = 0; i < octet::size; ++i)
            if (i < count)
                to[i] = from_float<T>(value[i]);
    }
}

}  // namespace impasto::kernels
