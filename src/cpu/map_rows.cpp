#include <impasto/ops/map_rows.hpp>

#include <cstring>
#include <limits>

#include "cpu/simd.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

/// scale · the largest value of each of Block channels along `columns` pixels.
template <int Block>
IMPASTO_INLINE void maxima_of_row(const float* row, std::int64_t columns, float scale,
                                  float* maxima) {
    using vec = typename cpu_detail::lanes<Block>::type;
    const auto* pixel = reinterpret_cast<const vec*>(row);
    const vec lowest = vec{} - std::numeric_limits<float>::infinity();
    vec best[4] = {lowest, lowest, lowest, lowest};  // independent, so that comparisons overlap
    std::int64_t x = 0;
    for (; x + 4 <= columns; x += 4)
        for (int i = 0; i < 4; ++i)
            best[i] = pixel[x + i] > best[i] ? pixel[x + i] : best[i];
    for (; x < columns; ++x)
        best[0] = pixel[x] > best[0] ? pixel[x] : best[0];
    const vec a = best[0] > best[1] ? best[0] : best[1], b = best[2] > best[3] ? best[2] : best[3];
    const vec all = (a > b ? a : b) * scale;
    std::memcpy(maxima, &all, sizeof all);
}

IMPASTO_MULTIVERSION void maxima_of_8(const float* row, std::int64_t columns, float scale,
                                      float* maxima) {
    maxima_of_row<8>(row, columns, scale, maxima);
}
IMPASTO_MULTIVERSION void maxima_of_16(const float* row, std::int64_t columns, float scale,
                                       float* maxima) {
    maxima_of_row<16>(row, columns, scale, maxima);
}

/// Where a row of a window begins in one plane of interleaved channels.
const float* row_of(tensor_view<const float, cpu> map, const map_window& window, std::int64_t plane,
                    std::int64_t row) {
    const auto [n, c, h, w] = map.shape();
    return map.data() + ((plane * h + window.first_row + row) * w + window.first_column) *
                            channel_block(map.layout());
}

}  // namespace

template <class T, class Device>
void row_maxima(context<Device>& ctx, in_view<T, Device> map, const map_window& window, float scale,
                out_view<float, Device> maxima) {
    detail::expect_row_maxima(map, window, maxima);
    const auto block = channel_block(map.layout());
    const auto row_count = channel_blocks(map.shape().c, map.layout()) * window.rows;
    const auto maxima_of = block == 16 ? maxima_of_16 : maxima_of_8;
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t i = 0; i < row_count; ++i)
        maxima_of(row_of(map, window, i / window.rows, i % window.rows), window.columns, scale,
                  maxima.data() + i * block);
}

template <class T, class Device>
void gather_rows(context<Device>& ctx, in_view<T, Device> map, const map_window& window,
                 std::span<const channel_row> wanted, float scale, out_view<float, Device> values) {
    detail::expect_gather_rows(map, window, wanted.size(), values);
    const auto block = channel_block(map.layout());
#pragma omp parallel for num_threads(ctx.threads())
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto [channel, row] = wanted[i];
        const float* from = row_of(map, window, channel / block, row) + channel % block;
        float* to = values.data() + static_cast<std::int64_t>(i) * window.columns;
        for (std::int64_t x = 0; x < window.columns; ++x)
            to[x] = scale * from[x * block];
    }
}

template decltype(row_maxima<float, cpu>) row_maxima<float, cpu>;
template decltype(gather_rows<float, cpu>) gather_rows<float, cpu>;

}  // namespace impasto::ops
