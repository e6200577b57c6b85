#include "cpu/winograd_steps.hpp"

namespace impasto::cpu_detail {

namespace {

/// Rows × Width blocks of M in registers: broadcast one number of each row of V, multiply with a
/// line of the panel of U. `ahead` is what will be read next of U, a cache line for each channel:
/// a filter may be larger than any cache.
template <int Block, int Rows, int Width>
IMPASTO_INLINE void multiply_tile(std::int64_t in, const float* v, const float* u,
                                  const float* ahead, float* m, std::int64_t out) {
    using vec = typename lanes<Block>::type;
    constexpr std::int64_t line = 16;
    vec sum[Rows][Width] = {};
    for (std::int64_t c = 0; c < in; ++c) {
        __builtin_prefetch(ahead + c * line, 0, 2);
        for (int r = 0; r < Rows; ++r)
            for (int w = 0; w < Width; ++w)
                sum[r][w] +=
                    v[r * in + c] * *reinterpret_cast<const vec*>(u + (c * Width + w) * Block);
    }
    for (int r = 0; r < Rows; ++r)
        for (int w = 0; w < Width; ++w)
            *reinterpret_cast<vec*>(m + r * out + w * Block) = sum[r][w];
}

template <int Block, int Width>
IMPASTO_INLINE void multiply_panel(std::int64_t tiles, std::int64_t in, const float* v,
                                   const float* u, float* m, std::int64_t out) {
    // With their operands, what the registers hold.
    constexpr int rows = Block == 16 && Width <= 2 ? 12 : 6;
    constexpr std::int64_t slices = std::max(1, Width * Block / 16);
    const float* const next = u + Width * Block * in;
    std::int64_t t = 0;
    for (std::int64_t i = 0; t + rows <= tiles; t += rows, ++i)
        multiply_tile<Block, rows, Width>(in, v + t * in, u, next + i % slices * in * 16,
                                          m + t * out, out);
    for (; t + 2 <= tiles; t += 2)
        multiply_tile<Block, 2, Width>(in, v + t * in, u, next, m + t * out, out);
    for (; t < tiles; ++t)
        multiply_tile<Block, 1, Width>(in, v + t * in, u, next, m + t * out, out);
}

template <int Block>
IMPASTO_INLINE void multiply_all(std::int64_t tiles, std::int64_t in, std::int64_t out,
                                 const float* v, const float* u, float* m) {
    constexpr auto panel = filter_panel(Block);
    std::int64_t o = 0;
    for (; o + panel <= out; o += panel)
        multiply_panel<Block, panel / Block>(tiles, in, v, u + o * in, m + o, out);
    const auto rest = (out - o) / Block;
    u += o * in, m += o;
    if (rest == 1)
        multiply_panel<Block, 1>(tiles, in, v, u, m, out);
    else if (rest == 2)
        multiply_panel<Block, 2>(tiles, in, v, u, m, out);
    else if (rest == 3)
        multiply_panel<Block, 3>(tiles, in, v, u, m, out);
}

IMPASTO_MULTIVERSION void multiply_8(std::int64_t tiles, std::int64_t in, std::int64_t out,
                                     const float* v, const float* u, float* m) {
    multiply_all<8>(tiles, in, out, v, u, m);
}
IMPASTO_MULTIVERSION void multiply_16(std::int64_t tiles, std::int64_t in, std::int64_t out,
                                      const float* v, const float* u, float* m) {
    multiply_all<16>(tiles, in, out, v, u, m);
}

}  // namespace

void multiply(std::int64_t block, std::int64_t tiles, std::int64_t in, std::int64_t out,
              const float* v, const float* u, float* m) {
    (block == 16 ? multiply_16 : multiply_8)(tiles, in, out, v, u, m);
}

}  // namespace impasto::cpu_detail
