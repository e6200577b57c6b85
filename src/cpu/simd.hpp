#pragma once

#include <cstdint>

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

/// Block channels of one pixel, as arithmetic sees them.
template <int Block>
struct lanes;
template <>
struct lanes<8> {
    typedef float type __attribute__((vector_size(32)));
};
template <>
struct lanes<16> {
    typedef float type __attribute__((vector_size(64)));
};

/// Calls f<8>() or f<16>() as the layout's block says.
template <class F>
void with_block(layout l, F&& f) {
    if (channel_block(l) == 16)
        f.template operator()<16>();
    else
        f.template operator()<8>();
}

}  // namespace impasto::cpu_detail
