#include <algorithm>

#include "cpu/winograd_steps.hpp"

namespace impasto::cpu_detail {

namespace {

using winograd::patch;
using winograd::tile;

constexpr std::int64_t stretch = 16;  // tiles of a plane, one after the other

template <class V>
IMPASTO_INLINE void output_1d(const V* m, int step, V* out) {
    const V a = m[step] + m[2 * step], b = m[step] - m[2 * step];
    const V c = m[3 * step] + m[4 * step], e = m[3 * step] - m[4 * step];
    out[0] = m[0] + a + c;
    out[1] = b + 2.0f * e;
    out[2] = a + 4.0f * c;
    out[3] = b + 8.0f * e + m[5 * step];
}

/// The 4×4 outputs of a tile.
template <int Block>
IMPASTO_INLINE void transform_tile(const float* m, std::int64_t stride,
                                   typename lanes<Block>::type* outputs) {
    using vec = typename lanes<Block>::type;
    vec columns[patch * tile];
    for (int x = 0; x < patch; ++x) {
        vec d[patch], done[tile];
        for (int y = 0; y < patch; ++y)
            d[y] = *reinterpret_cast<const vec*>(m + (y * patch + x) * stride);
        output_1d(d, 1, done);
        for (int y = 0; y < tile; ++y)
            columns[y * patch + x] = done[y];
    }
    for (int y = 0; y < tile; ++y)
        output_1d(columns + y * patch, 1, outputs + y * tile);
}

/// Where a tile's outputs go: its corner in the map, how much of it lies inside, the map's width.
struct tile_place {
    float* data;
    std::uint8_t* gates;  // may be null
    std::int64_t rows, columns, width;
};

template <int Block>
IMPASTO_INLINE void store_whole(const typename lanes<Block>::type* outputs, const tile_place& to) {
    using vec = typename lanes<Block>::type;
    for (int y = 0; y < to.rows; ++y)
        for (int x = 0; x < to.columns; ++x) {
            const auto at = (y * to.width + x) * Block;
            *reinterpret_cast<vec*>(to.data + at) = outputs[y * tile + x];
            if (to.gates != nullptr)
                store_bits<Block>(to_bits<Block>(outputs[y * tile + x] > 0.0f), to.gates + at / 8);
        }
}

/// One window of a pool: its value, and gates that open at the first maximum alone, or at all that
/// is positive.
template <int Block, bool Max>
IMPASTO_INLINE void pool_window(const typename lanes<Block>::type* outputs, float gain,
                                float* pooled, std::uint8_t* gates, std::int64_t gate_row) {
    using vec = typename lanes<Block>::type;
    const vec a = outputs[0], b = outputs[1], c = outputs[tile], d = outputs[tile + 1];
    constexpr int next = Block / 8;
    if constexpr (Max) {
        const vec top = b > a ? b : a, bottom = d > c ? d : c;
        const vec most = bottom > top ? bottom : top;
        *reinterpret_cast<vec*>(pooled) = gain * most;
        if (gates == nullptr)
            return;
        const unsigned open = to_bits<Block>(most > 0.0f);
        const unsigned low = to_bits<Block>(bottom > top);
        const unsigned right = to_bits<Block>(b > a), low_right = to_bits<Block>(d > c);
        store_bits<Block>(open & ~low & ~right, gates);
        store_bits<Block>(open & ~low & right, gates + next);
        store_bits<Block>(open & low & ~low_right, gates + gate_row);
        store_bits<Block>(open & low & low_right, gates + gate_row + next);
    } else {
        *reinterpret_cast<vec*>(pooled) = gain * ((a + b) + (c + d));
        if (gates == nullptr)
            return;
        store_bits<Block>(to_bits<Block>(a > 0.0f), gates);
        store_bits<Block>(to_bits<Block>(b > 0.0f), gates + next);
        store_bits<Block>(to_bits<Block>(c > 0.0f), gates + gate_row);
        store_bits<Block>(to_bits<Block>(d > 0.0f), gates + gate_row + next);
    }
}

template <int Block, bool Max>
IMPASTO_INLINE void store_pooled(const typename lanes<Block>::type* outputs, const tile_place& to,
                                 float gain) {
    for (int y = 0; y + 2 <= to.rows; y += 2)
        for (int x = 0; x + 2 <= to.columns; x += 2) {
            std::uint8_t* gates =
                to.gates == nullptr ? nullptr : to.gates + (y * to.width + x) * Block / 8;
            pool_window<Block, Max>(outputs + y * tile + x, gain,
                                    to.data + (y / 2 * (to.width / 2) + x / 2) * Block, gates,
                                    to.width * Block / 8);
        }
}

template <int Block>
IMPASTO_INLINE void store(const winograd_target& target, typename lanes<Block>::type* outputs,
                          const tile_place& to) {
    if (!target.pool)
        store_whole<Block>(outputs, to);
    else if (target.pool->kind == ops::pooling::max)
        store_pooled<Block, true>(outputs, to, target.pool->scale);
    else
        store_pooled<Block, false>(outputs, to, 0.25f * target.pool->scale);
}

/// Row y, column x of channel k.
template <int Block>
IMPASTO_INLINE tile_place place_at(const tile_run& run, const winograd_target& target,
                                   std::int64_t k, std::int64_t y, std::int64_t x) {
    const std::int64_t shrink = target.pool ? 2 : 1;
    const auto height = run.height / shrink, width = run.width / shrink;
    const auto whole = (k / Block * run.height + y) * run.width + x;
    return {target.data + ((k / Block * height + y / shrink) * width + x / shrink) * Block,
            target.gates == nullptr ? nullptr : target.gates + whole * Block / 8,
            std::min<std::int64_t>(tile, run.height - y),
            std::min<std::int64_t>(tile, run.width - x), run.width};
}

template <int Block>
IMPASTO_INLINE void transform(const tile_run& run, std::int64_t channels, const float* m,
                              const winograd_target& target) {
    using vec = typename lanes<Block>::type;
    const auto stride = matrix_stride(run.count, channels);
    for (std::int64_t done = 0; done < run.count;) {
        const tile_stretch s(run, done, stretch);
        for (std::int64_t k = 0; k < channels; k += Block) {
            vec bias{};
            if (target.bias != nullptr)
                bias = *reinterpret_cast<const vec*>(target.bias + k);
            for (std::int64_t t = 0; t < s.count; ++t) {
                vec outputs[tile * tile];
                transform_tile<Block>(m + (done + t) * channels + k, stride, outputs);
                for (auto& value : outputs) {
                    value += bias;
                    if (target.relu)
                        value = value > 0.0f ? value : vec{};
                }
                store<Block>(target, outputs,
                             place_at<Block>(run, target, k, s.row * tile, (s.column + t) * tile));
            }
        }
        done += s.count;
    }
}

IMPASTO_MULTIVERSION void transform_8(const tile_run& run, std::int64_t channels, const float* m,
                                      const winograd_target& target) {
    transform<8>(run, channels, m, target);
}
IMPASTO_MULTIVERSION void transform_16(const tile_run& run, std::int64_t channels, const float* m,
                                       const winograd_target& target) {
    transform<16>(run, channels, m, target);
}

}  // namespace

void transform_output(std::int64_t block, const tile_run& run, std::int64_t channels,
                      const float* m, const winograd_target& target) {
    (block == 16 ? transform_16 : transform_8)(run, channels, m, target);
}

}  // namespace impasto::cpu_detail
