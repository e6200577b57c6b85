#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <impasto/core/tensor.hpp>

// A function that carries this is compiled once for each instruction set, and the loader picks.
// What it calls must be inlined into it, hence IMPASTO_INLINE.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define IMPASTO_MULTIVERSION \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define IMPASTO_MULTIVERSION
#endif
#define IMPASTO_INLINE inline __attribute__((always_inline))

namespace impasto::cpu_detail {

/// Block channels of one pixel, as arithmetic sees them; and what a comparison of them gives, −1
/// where it holds.
template <int Block>
struct lanes;
template <>
struct lanes<8> {
    using type __attribute__((vector_size(32))) = float;
    using truth __attribute__((vector_size(32))) = std::int32_t;
    static constexpr truth each_bit{1, 2, 4, 8, 16, 32, 64, 128};
};
template <>
struct lanes<16> {
    using type __attribute__((vector_size(64))) = float;
    using truth __attribute__((vector_size(64))) = std::int32_t;
    static constexpr truth each_bit{1,       2,       4,       8,      16,      32,
                                    64,      128,     1 << 8,  1 << 9, 1 << 10, 1 << 11,
                                    1 << 12, 1 << 13, 1 << 14, 1 << 15};
};

/// A comparison as bits, the first lane's lowest.
template <int Block>
IMPASTO_INLINE unsigned to_bits(const typename lanes<Block>::truth& truth) {
#if defined(__SSE2__)
    if constexpr (Block == 16) {
        using bytes __attribute__((vector_size(16))) = std::int8_t;
        const auto narrow = __builtin_convertvector(truth, bytes);
        return static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<const __m128i&>(narrow)));
    } else {
        __m128 half[2];
        std::memcpy(half, &truth, sizeof half);
        return static_cast<unsigned>(_mm_movemask_ps(half[0]) | _mm_movemask_ps(half[1]) << 4);
    }
#else
    unsigned bits = 0;
    for (int i = 0; i < Block; ++i)
        bits |= static_cast<unsigned>(truth[i] & 1) << i;
    return bits;
#endif
}

/// Block bits of a mask, which holds them in whole bytes, the first lane's lowest.
template <int Block>
IMPASTO_INLINE void store_bits(unsigned bits, std::uint8_t* mask) {
    mask[0] = static_cast<std::uint8_t>(bits);
    if constexpr (Block == 16)
        mask[1] = static_cast<std::uint8_t>(bits >> 8);
}
template <int Block>
IMPASTO_INLINE unsigned load_bits(const std::uint8_t* mask) {
    return Block == 16 ? mask[0] | static_cast<unsigned>(mask[1]) << 8 : mask[0];
}

/// Zero in the lanes whose bit is not set, whatever stood there.
template <int Block>
IMPASTO_INLINE void keep_open(unsigned bits, typename lanes<Block>::type& value) {
    const auto open = (lanes<Block>::each_bit & static_cast<std::int32_t>(bits)) != 0;
    value = open ? value : typename lanes<Block>::type{};
}

/// Calls f<8>() or f<16>() as the layout's block says.
template <class F>
void with_block(layout l, F&& f) {
    if (channel_block(l) == 16)
        f.template operator()<16>();
    else
        f.template operator()<8>();
}

}  // namespace impasto::cpu_detail
