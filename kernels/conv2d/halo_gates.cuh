#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <cuda_runtime.h>

#include "core/bytes.cuh"
#include "core/types.cuh"

namespace impasto::kernels {

/// Zero where a gate is closed. open: a bit for each value of the chunk, other bits are not looked
/// at. Four bits are multiplied to the signs of four bytes, which are then spread over their
/// values. ToTf32: floats are rounded on this occasion, since wgmma only cuts digits off.
template <class T, bool ToTf32 = false>
__device__ void close_gates(std::byte* chunk, unsigned open) {
    constexpr unsigned to_signs = 1u << 7 | 1u << 14 | 1u << 21 | 1u << 28;
    const unsigned low = (open & 0xfu) * to_signs, high = (open >> 4 & 0xfu) * to_signs;
    auto* words = reinterpret_cast<std::uint32_t*>(chunk);
    auto values = load_vec16(words);
    if constexpr (ToTf32)
        for (std::uint32_t& value : values.values)
            value = to_tf32(std::bit_cast<float>(value));
    if constexpr (sizeof(T) == 4) {
        values[0] &= permute_bytes<0x8888>(low);
        values[1] &= permute_bytes<0x9999>(low);
        values[2] &= permute_bytes<0xaaaa>(low);
        values[3] &= permute_bytes<0xbbbb>(low);
    } else {
        values[0] &= permute_bytes<0x9988>(low);
        values[1] &= permute_bytes<0xbbaa>(low);
        values[2] &= permute_bytes<0x9988>(high);
        values[3] &= permute_bytes<0xbbaa>(high);
    }
    store_vec16(words, values);
}

}  // namespace impasto::kernels
