#pragma once

#include <cstdint>
#include <span>

#include <impasto/ops/views.hpp>

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
template <class T = float, class Device>
void row_maxima(context<Device>& ctx, in_view<T, Device> map, const map_window& window, float scale,
                out_view<float, Device> maxima);

/// values[i] = scale · row wanted[i] of the window. values: [1,1,wanted,columns], planar. Throws
/// shape_error as row_maxima does; the rows wanted must exist. `wanted` may be reused as soon as
/// the call returns.
template <class T = float, class Device>
void gather_rows(context<Device>& ctx, in_view<T, Device> map, const map_window& window,
                 std::span<const channel_row> wanted, float scale, out_view<float, Device> values);

}  // namespace impasto::ops
