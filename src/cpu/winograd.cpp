// F(4×4,3×3): an output tile of 4×4 from an input tile of 6×6, whose 36 numbers meet the filter's
// 36 in as many small matrix products over channels: a quarter of the direct method's
// multiplications. Each thread takes runs of tiles that stay in its cache: transform in, multiply,
// transform out.
#include "cpu/winograd.hpp"

#include <algorithm>
#include <array>

#include "cpu/context_state.hpp"
#include "cpu/simd.hpp"

namespace impasto::cpu_detail {

namespace {

constexpr int tile = 4;
constexpr int patch = 6;
constexpr int points = patch * patch;

struct tile_run {
    std::int64_t first, count, columns;  // tiles in row-major order; columns of tiles in the map
    std::int64_t height, width;          // of the map
};

// Distance between two of the 36 matrices of a run. The extra cache line keeps a tile's 36 stores
// from falling into the same cache set.
std::int64_t matrix_stride(std::int64_t tiles, std::int64_t channels) {
    return tiles * channels + 16;
}

template <class V>
IMPASTO_INLINE void input_1d(const V* d, int step, V* out, int out_step) {
    const V a = d[4 * step] - 4.0f * d[2 * step];
    const V b = d[3 * step] - 4.0f * d[step];
    const V c = d[4 * step] - d[2 * step];
    const V e = 2.0f * (d[3 * step] - d[step]);
    out[0] = 4.0f * d[0] - 5.0f * d[2 * step] + d[4 * step];
    out[out_step] = a + b;
    out[2 * out_step] = a - b;
    out[3 * out_step] = c + e;
    out[4 * out_step] = c - e;
    out[5 * out_step] = 4.0f * d[step] - 5.0f * d[3 * step] + d[5 * step];
}

template <class V>
IMPASTO_INLINE void output_1d(const V* m, int step, V* out) {
    const V a = m[step] + m[2 * step], b = m[step] - m[2 * step];
    const V c = m[3 * step] + m[4 * step], e = m[3 * step] - m[4 * step];
    out[0] = m[0] + a + c;
    out[1] = b + 2.0f * e;
    out[2] = a + 4.0f * c;
    out[3] = b + 8.0f * e + m[5 * step];
}

template <int Block>
IMPASTO_INLINE void transform_input(const tile_run& run, std::int64_t channels, const float* input,
                                    float* v) {
    using vec = typename lanes<Block>::type;
    const auto stride = matrix_stride(run.count, channels);
    const std::int64_t plane = run.height * run.width * Block;
    for (std::int64_t t = 0; t < run.count; ++t) {
        const std::int64_t y0 = (run.first + t) / run.columns * tile - 1;
        const std::int64_t x0 = (run.first + t) % run.columns * tile - 1;
        const bool inside =
            y0 >= 0 && x0 >= 0 && y0 + patch <= run.height && x0 + patch <= run.width;
        for (std::int64_t cb = 0; cb < channels / Block; ++cb) {
            const float* map = input + cb * plane;
            vec d[points], rows[points];
            if (inside) {
                for (int y = 0; y < patch; ++y)
                    for (int x = 0; x < patch; ++x)
                        d[y * patch + x] = *reinterpret_cast<const vec*>(
                            map + ((y0 + y) * run.width + x0 + x) * Block);
            } else {
                for (int y = 0; y < patch; ++y)
                    for (int x = 0; x < patch; ++x) {
                        const bool hit =
                            y0 + y >= 0 && y0 + y < run.height && x0 + x >= 0 && x0 + x < run.width;
                        d[y * patch + x] = hit ? *reinterpret_cast<const vec*>(
                                                     map + ((y0 + y) * run.width + x0 + x) * Block)
                                               : vec{};
                    }
            }
            for (int x = 0; x < patch; ++x)
                input_1d(d + x, patch, rows + x, patch);
            float* to = v + t * channels + cb * Block;
            for (int y = 0; y < patch; ++y) {
                vec line[patch];
                input_1d(rows + y * patch, 1, line, 1);
                for (int x = 0; x < patch; ++x)
                    *reinterpret_cast<vec*>(to + (y * patch + x) * stride) = line[x];
            }
        }
    }
}

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

/// M = V·U for one of the 36 points: [tiles,in] · [in,out].
template <int Block>
IMPASTO_INLINE void multiply(std::int64_t tiles, std::int64_t in, std::int64_t out, const float* v,
                             const float* u, float* m) {
    std::int64_t o = 0;
    for (; o + 2 * Block <= out; o += 2 * Block)
        multiply_panel<Block, 2>(tiles, in, v, u + o * in, m + o, out);
    if (o < out)
        multiply_panel<Block, 1>(tiles, in, v, u + o * in, m + o, out);
}

template <int Block>
IMPASTO_INLINE void transform_output(const tile_run& run, std::int64_t channels, const float* m,
                                     winograd_epilogue epilogue, float* output) {
    using vec = typename lanes<Block>::type;
    const auto stride = matrix_stride(run.count, channels);
    const std::int64_t plane = run.height * run.width * Block;
    for (std::int64_t t = 0; t < run.count; ++t) {
        const std::int64_t y0 = (run.first + t) / run.columns * tile;
        const std::int64_t x0 = (run.first + t) % run.columns * tile;
        const auto rows = std::min<std::int64_t>(tile, run.height - y0);
        const auto columns = std::min<std::int64_t>(tile, run.width - x0);
        for (std::int64_t cb = 0; cb < channels / Block; ++cb) {
            const float* from = m + t * channels + cb * Block;
            vec columns_done[patch * tile];
            for (int x = 0; x < patch; ++x) {
                vec d[patch], done[tile];
                for (int y = 0; y < patch; ++y)
                    d[y] = *reinterpret_cast<const vec*>(from + (y * patch + x) * stride);
                output_1d(d, 1, done);
                for (int y = 0; y < tile; ++y)
                    columns_done[y * patch + x] = done[y];
            }
            vec bias{};
            if (epilogue.bias != nullptr)
                bias = *reinterpret_cast<const vec*>(epilogue.bias + cb * Block);
            float* to = output + cb * plane + (y0 * run.width + x0) * Block;
            for (int y = 0; y < rows; ++y) {
                vec line[tile];
                output_1d(columns_done + y * patch, 1, line);
                for (int x = 0; x < columns; ++x) {
                    vec value = line[x] + bias;
                    if (epilogue.relu)
                        value = value > 0.0f ? value : vec{};
                    *reinterpret_cast<vec*>(to + (y * run.width + x) * Block) = value;
                }
            }
        }
    }
}

IMPASTO_MULTIVERSION void transform_input_8(const tile_run& run, std::int64_t channels,
                                            const float* input, float* v) {
    transform_input<8>(run, channels, input, v);
}
IMPASTO_MULTIVERSION void transform_input_16(const tile_run& run, std::int64_t channels,
                                             const float* input, float* v) {
    transform_input<16>(run, channels, input, v);
}
IMPASTO_MULTIVERSION void multiply_8(std::int64_t tiles, std::int64_t in, std::int64_t out,
                                     const float* v, const float* u, float* m) {
    multiply<8>(tiles, in, out, v, u, m);
}
IMPASTO_MULTIVERSION void multiply_16(std::int64_t tiles, std::int64_t in, std::int64_t out,
                                      const float* v, const float* u, float* m) {
    multiply<16>(tiles, in, out, v, u, m);
}
IMPASTO_MULTIVERSION void transform_output_8(const tile_run& run, std::int64_t channels,
                                             const float* m, winograd_epilogue epilogue,
                                             float* output) {
    transform_output<8>(run, channels, m, epilogue, output);
}
IMPASTO_MULTIVERSION void transform_output_16(const tile_run& run, std::int64_t channels,
                                              const float* m, winograd_epilogue epilogue,
                                              float* output) {
    transform_output<16>(run, channels, m, epilogue, output);
}

// Tiles a thread takes at a time: enough to amortise reading the filter, few enough for its cache.
std::int64_t tiles_per_run(const winograd_filter& filter, std::int64_t tiles, int threads) {
    constexpr std::int64_t cache_bytes = 1 << 19;
    const auto fitting = cache_bytes / (points * 4 * (filter.in + filter.out));
    const auto share = (tiles + threads - 1) / threads;
    return std::min(std::clamp<std::int64_t>(fitting, 48, 256), share);
}

std::int64_t tile_count(const shape& map) {
    return ((map.h + tile - 1) / tile) * ((map.w + tile - 1) / tile);
}

std::int64_t scratch_per_thread(const winograd_filter& filter, std::int64_t tiles) {
    return points * (matrix_stride(tiles, filter.in) + matrix_stride(tiles, filter.out));
}

}  // namespace

void winograd_convolve(context<cpu>& ctx, const winograd_filter& filter,
                       tensor_view<const float, cpu> input, winograd_epilogue epilogue,
                       tensor_view<float, cpu> output) {
    const auto& map = input.shape();
    const auto tiles = tile_count(map);
    const auto columns = (map.w + tile - 1) / tile;
    const int threads = ctx.threads();
    const auto per_run = tiles_per_run(filter, tiles, threads);
    const auto per_thread = scratch_per_thread(filter, per_run);
    float* scratch = ctx.get().scratch_as<float>(ctx, per_thread * threads);
    const bool wide = channel_block(input.layout()) == 16;
    const std::int64_t runs = (tiles + per_run - 1) / per_run;

#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread) {
        float* v = scratch + thread * per_thread;
        float* m = v + points * matrix_stride(per_run, filter.in);
        for (std::int64_t r = runs * thread / threads; r < runs * (thread + 1) / threads; ++r) {
            const auto first = r * per_run;
            const tile_run run{first, std::min(per_run, tiles - first), columns, map.h, map.w};
            (wide ? transform_input_16 : transform_input_8)(run, filter.in, input.data(), v);
            for (int p = 0; p < points; ++p)
                (wide ? multiply_16 : multiply_8)(run.count, filter.in, filter.out,
                                                  v + p * matrix_stride(run.count, filter.in),
                                                  filter.u.data() + p * filter.in * filter.out,
                                                  m + p * matrix_stride(run.count, filter.out));
            (wide ? transform_output_16 : transform_output_8)(run, filter.out, m, epilogue,
                                                              output.data());
        }
    }
}

std::size_t winograd_scratch_bytes(const context<cpu>& ctx, const winograd_filter& filter,
                                   const shape& input) {
    if (filter.u.empty())
        return 0;
    const auto per_run = tiles_per_run(filter, tile_count(input), ctx.threads());
    return static_cast<std::size_t>(scratch_per_thread(filter, per_run) * ctx.threads()) *
           sizeof(float);
}

}  // namespace impasto::cpu_detail
