#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

/// Rows of a feature map, channel by channel: who looks for the largest values of a map looks at
/// the largest of each row first, and closer at a few rows.
namespace impasto::ops {

/// A rectangle of a map, all of its channels.
struct map_window {
    std::int64_t first_row = 0, first_column = 0;
    std::int64_t rows = 0, columns = 0;
};

/// One channel's row of a window; the window's first is 0.
struct channel_row {
    std::int64_t channel = 0, row = 0;
};

/// maxima[c,y] = scale · the largest value of channel c in row y of a window; NaN is never the
/// largest. map: [1,C,H,W] in a feature layout; maxima: [1,C,rows,1] in the same. scale > 0. Throws
/// shape_error where they disagree, and for an empty window or one that is not all inside.
void row_maxima(context<cpu>& ctx, tensor_view<const float, cpu> map, const map_window& window,
                float scale, tensor_view<float, cpu> maxima);

/// values[i] = scale · row wanted[i] of the window. values: [1,1,wanted,columns], planar. Throws
/// shape_error as row_maxima does; the rows wanted must exist.
void gather_rows(context<cpu>& ctx, tensor_view<const float, cpu> map, const map_window& window,
                 std::span<const channel_row> wanted, float scale, tensor_view<float, cpu> values);

// On a GPU: maps in nhwc. `wanted` may be reused as soon as the call returns.
void row_maxima(context<cuda>& ctx, tensor_view<const float, cuda> map, const map_window& window,
                float scale, tensor_view<float, cuda> maxima);
void gather_rows(context<cuda>& ctx, tensor_view<const float, cuda> map, const map_window& window,
                 std::span<const channel_row> wanted, float scale, tensor_view<float, cuda> values);
void row_maxima(context<cuda>& ctx, tensor_view<const half, cuda> map, const map_window& window,
                float scale, tensor_view<float, cuda> maxima);
void gather_rows(context<cuda>& ctx, tensor_view<const half, cuda> map, const map_window& window,
                 std::span<const channel_row> wanted, float scale, tensor_view<float, cuda> values);
void row_maxima(context<cuda>& ctx, tensor_view<const bfloat16, cuda> map, const map_window& window,
                float scale, tensor_view<float, cuda> maxima);
void gather_rows(context<cuda>& ctx, tensor_view<const bfloat16, cuda> map,
                 const map_window& window, std::span<const channel_row> wanted, float scale,
                 tensor_view<float, cuda> values);

namespace detail {

inline void expect_window(const char* operation, const shape& map, layout order,
                          const map_window& w) {
    expect_shape(operation, "map", {1, map.c, map.h, map.w}, map);
    if (order == layout::nchw)
        throw shape_error(std::string(operation) + ": map: expected a feature layout, found nchw");
    const auto within = [](std::int64_t first, std::int64_t count, std::int64_t extent) {
        return first >= 0 && count > 0 && count <= extent - first;
    };
    if (!within(w.first_row, w.rows, map.h) || !within(w.first_column, w.columns, map.w))
        throw shape_error(std::string(operation) + ": a window of " + std::to_string(w.rows) + "x" +
                          std::to_string(w.columns) + " at row " + std::to_string(w.first_row) +
                          ", column " + std::to_string(w.first_column) +
                          " is empty or not all inside the map " + to_string(map));
}

inline void expect_maxima(const shape& map, layout order, const map_window& w, const shape& maxima,
                          layout maxima_order) {
    expect_window("row_maxima", map, order, w);
    expect_shape("row_maxima", "maxima", {1, map.c, w.rows, 1}, maxima);
    expect_layout("row_maxima", "maxima", order, maxima_order);
}

inline void expect_rows(const shape& map, layout order, const map_window& w, std::size_t wanted,
                        const shape& values, layout values_order) {
    expect_window("gather_rows", map, order, w);
    expect_shape("gather_rows", "values", {1, 1, static_cast<std::int64_t>(wanted), w.columns},
                 values);
    expect_layout("gather_rows", "values", layout::nchw, values_order);
}

}  // namespace detail

}  // namespace impasto::ops
