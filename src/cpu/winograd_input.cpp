#include <algorithm>

#include "cpu/winograd_steps.hpp"

namespace impasto::cpu_detail {

namespace {

using winograd::patch;
using winograd::tile;

// Tiles side by side share columns: each column is transformed once, for a stretch of tiles that
// leaves the first-level cache room for the rest.
constexpr std::int64_t stretch = 8;
constexpr std::int64_t stretch_columns = stretch * tile + 2;

/// Six rows of one plane; rows outside the map point at zeros.
struct patch_rows {
    const float* data[patch];
    const std::uint8_t* gates[patch];
};

alignas(64) constexpr float zeros[(stretch_columns + 2) * 16] = {};
alignas(64) constexpr std::uint8_t closed[(stretch_columns + 2) * 2] = {};

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

/// Columns first … first + count − 1 that lie inside the map; x counts from `first` in the rows.
template <int Block, bool Gated, bool Pooled>
IMPASTO_INLINE void transform_columns(const patch_rows& rows, std::int64_t first,
                                      std::int64_t count, float gain,
                                      typename lanes<Block>::type* columns) {
    using vec = typename lanes<Block>::type;
    for (std::int64_t x = 0; x < count; ++x) {
        // A pooled row holds a value for two columns.
        const auto at = Pooled ? (first + x) / 2 - first / 2 : x;
        vec d[patch];
        for (int y = 0; y < patch; ++y) {
            d[y] = *reinterpret_cast<const vec*>(rows.data[y] + at * Block);
            if constexpr (Gated)
                keep_open<Block>(load_bits<Block>(rows.gates[y] + x * (Block / 8)), d[y]);
            if constexpr (Pooled)
                d[y] *= gain;
        }
        input_1d(d, 1, columns + x * patch, 1);
    }
}

template <int Block>
IMPASTO_INLINE void transform_tile(const typename lanes<Block>::type* columns, std::int64_t stride,
                                   float* v) {
    using vec = typename lanes<Block>::type;
    for (int y = 0; y < patch; ++y) {
        vec line[patch];
        input_1d(columns + y, patch, line, 1);
        for (int x = 0; x < patch; ++x)
            *reinterpret_cast<vec*>(v + (y * patch + x) * stride) = line[x];
    }
}

/// Where a source's rows and columns lie in memory.
struct source_geometry {
    std::int64_t height, width;        // that are read; a pool leaves out an odd last one
    std::int64_t stored_width, plane;  // of the data, which a pool has halved
    float gain;

    source_geometry(const tile_run& run, const winograd_source& source, std::int64_t block) {
        const std::int64_t shrink = source.pool ? 2 : 1;
        height = run.height / shrink * shrink;
        width = run.width / shrink * shrink;
        stored_width = run.width / shrink;
        plane = run.height / shrink * stored_width * block;
        gain = !source.pool                                 ? 1.0f
               : source.pool->kind == ops::pooling::average ? 0.25f * source.pool->scale
                                                            : source.pool->scale;
    }
};

/// The rows of a patch from row y0 on, channels k … k + Block − 1, beginning at column `first`.
template <int Block, bool Gated, bool Pooled>
IMPASTO_INLINE patch_rows rows_at(const tile_run& run, const winograd_source& source,
                                  const source_geometry& g, std::int64_t k, std::int64_t y0,
                                  std::int64_t first) {
    constexpr std::int64_t shrink = Pooled ? 2 : 1;
    patch_rows rows;
    for (int i = 0; i < patch; ++i) {
        const auto y = y0 + i;
        const bool hit = y >= 0 && y < g.height;
        const auto at = (y / shrink * g.stored_width + first / shrink) * Block;
        const auto bit = (k / Block * run.height * run.width + y * run.width + first) * Block;
        rows.data[i] = hit ? source.data + k / Block * g.plane + at : zeros;
        rows.gates[i] = Gated && hit ? source.gates + bit / 8 : closed;
    }
    return rows;
}

template <int Block, bool Gated, bool Pooled>
IMPASTO_INLINE void transform_run(const tile_run& run, std::int64_t channels,
                                  const winograd_source& source, float* v) {
    using vec = typename lanes<Block>::type;
    const source_geometry g(run, source, Block);
    const auto stride = matrix_stride(run.count, channels);
    for (std::int64_t done = 0; done < run.count;) {
        const tile_stretch s(run, done, stretch);
        const auto y0 = s.row * tile - 1, x0 = s.column * tile - 1;
        const auto first = std::max<std::int64_t>(x0, 0), end = x0 + s.count * tile + 2;
        const auto inside = std::min(g.width, end);
        vec columns[stretch_columns * patch];
        for (auto x = x0; x < end; ++x)  // what stays zero for all channels
            if (x < first || x >= inside)
                std::fill_n(columns + (x - x0) * patch, patch, vec{});
        for (std::int64_t k = 0; k < channels; k += Block) {
            const auto rows = rows_at<Block, Gated, Pooled>(run, source, g, k, y0, first);
            transform_columns<Block, Gated, Pooled>(rows, first, inside - first, g.gain,
                                                    columns + (first - x0) * patch);
            for (std::int64_t t = 0; t < s.count; ++t)
                transform_tile<Block>(columns + t * tile * patch, stride,
                                      v + (done + t) * channels + k);
        }
        done += s.count;
    }
}

template <int Block>
IMPASTO_INLINE void transform(const tile_run& run, std::int64_t channels,
                              const winograd_source& source, float* v) {
    if (source.pool)
        transform_run<Block, true, true>(run, channels, source, v);
    else if (source.gates != nullptr)
        transform_run<Block, true, false>(run, channels, source, v);
    else
        transform_run<Block, false, false>(run, channels, source, v);
}

IMPASTO_MULTIVERSION void transform_8(const tile_run& run, std::int64_t channels,
                                      const winograd_source& source, float* v) {
    transform<8>(run, channels, source, v);
}
IMPASTO_MULTIVERSION void transform_16(const tile_run& run, std::int64_t channels,
                                       const winograd_source& source, float* v) {
    transform<16>(run, channels, source, v);
}

}  // namespace

void transform_input(std::int64_t block, const tile_run& run, std::int64_t channels,
                     const winograd_source& source, float* v) {
    (block == 16 ? transform_16 : transform_8)(run, channels, source, v);
}

}  // namespace impasto::cpu_detail
