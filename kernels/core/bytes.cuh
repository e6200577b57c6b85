#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace impasto::kernels {

/// Four bytes chosen from x: digit i of Selector, a hexadecimal one from the right, names the byte
/// that comes to place i; with 8 added, the byte's sign, eight times. (prmt of the PTX ISA.)
template <unsigned Selector>
[[nodiscard]] __device__ inline std::uint32_t permute_bytes(std::uint32_t x) {
#ifdef __CUDACC__
    std::uint32_t result;
    asm("prmt.b32 %0, %1, 0, %2;" : "=r"(result) : "r"(x), "n"(Selector));
    return result;
#else
    std::uint32_t result = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const unsigned digit = Selector >> 4 * i & 0xfu;
        const std::uint32_t byte = x >> 8 * (digit & 3u) & 0xffu;
        const std::uint32_t chosen = digit < 8 ? byte : (byte & 0x80u) != 0 ? 0xffu : 0u;
        result |= chosen << 8 * i;
    }
    return result;
#endif
}

}  // namespace impasto::kernels
