#include "cpu/winograd_steps.hpp"

namespace impasto::cpu_detail {

namespace {

/// Rows × 2·Block (or 1·Block) of M = V·U in registers: broadcast one number of each row of V,
/// multiply with a line of the panel of U.
template <int Block, int Rows, int Width>
IMPASTO_INLINE void multiply_tile(std::int64_t in, const float* v, const float* u, float* m,
                                  std::int64_t out) {
    using vec = typename lanes<Block>::type;
    vec sum[Rows][Width] = {};
    for (std::int64_t c = 0; c < in; ++c)
        for (int r = 0; r < Rows; ++r)
            for (int w = 0; w < Width; ++w)
                sum[r][w] +=
                    v[r * in + c] * *reinterpret_cast<const vec*>(u + (c * Width + w) * Block);
    for (int r = 0; r < Rows; ++r)
        for (int w = 0; w < Width; ++w)
            *reinterpret_cast<vec*>(m + r * out + w * Block) = sum[r][w];
}

template <int Block, int Width>
IMPASTO_INLINE void multiply_panel(std::int64_t tiles, std::int64_t in, const float* v,
                                   const float* u, float* m, std::int64_t out) {
    constexpr int rows = Block == 16 ? 12 : 6;  // with its operands, what the registers hold
    std::int64_t t = 0;
    for (; t + rows <= tiles; t += rows)
        multiply_tile<Block, rows, Width>(in, v + t * in, u, m + t * out, out);
    for (; t + 2 <= tiles; t += 2)
        multiply_tile<Block, 2, Width>(in, v + t * in, u, m + t * out, out);
    for (; t < tiles; ++t)
        multiply_tile<Block, 1, Width>(in, v + t * in, u, m + t * out, out);
}

template <int Block>
IMPASTO_INLINE void multiply_all(std::int64_t tiles, std::int64_t in, std::int64_t out,
                                 const float* v, const float* u, float* m) {
    std::int64_t o = 0;
    for (; o + 2 * Block <= out; o += 2 * Block)
        multiply_panel<Block, 2>(tiles, in, v, u + o * in, m + o, out);
    if (o < out)
        multiply_panel<Block, 1>(tiles, in, v, u + o * in, m + o, out);
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
