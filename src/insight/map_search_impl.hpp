#pragma once

#include <span>
#include <vector>

#include <impasto/insight/map_search.hpp>
#include <impasto/ops/map_rows.hpp>
#include <impasto/ops/transfer.hpp>

// For every device and number format: instantiated for the CPU in map_search.cpp, for a GPU in
// insight_cuda.cpp.
namespace impasto::insight {

namespace detail {

/// The rows of a part that may hold something better than what is known: of each channel no more
/// than it has room for, the best first. maxima: [1,C,rows,1] in a feature layout; first: the
/// part's picture, row and column.
[[nodiscard]] std::vector<ops::channel_row> promising_rows(tensor_view<const float, cpu> maxima,
                                                           const unit_patch& first,
                                                           const top_patches& found);

/// Offers every value of these rows. values: [1,1,rows,columns]; central: of the picture's map.
void offer(tensor_view<const float, cpu> values, std::span<const ops::channel_row> rows,
           const unit_patch& first, const image::box& central, top_patches& found);

/// Raises each channel's value to the largest of its rows. maxima: as for promising_rows.
void raise(tensor_view<const float, cpu> maxima, std::span<float> largest);

}  // namespace detail

template <class T, class Device>
void map_search<T, Device>::add(context<Device>& ctx, const map_part<T, Device>& part,
                                std::int64_t picture, top_patches& found,
                                std::span<float> largest) {
    const auto& window = part.own.in_tile;
    if (window.rows < 1 || window.columns < 1)
        return;
    const unit_patch first{0, picture, part.own.row, part.own.column};
    const auto maxima = maxima_.of({1, found.channels(), window.rows, 1}, part.map.layout());
    ops::row_maxima<T>(ctx, part.map, window, part.scale, maxima);
    const auto on_host = ops::on_host(ctx, maxima, host_maxima_);
    const auto rows = detail::promising_rows(on_host, first, found);
    if (!largest.empty())
        detail::raise(on_host, largest);
    if (rows.empty())
        return;
    const auto values = rows_.of({1, 1, std::ssize(rows), window.columns});
    ops::gather_rows<T>(ctx, part.map, window, rows, part.scale, values);
    detail::offer(ops::on_host(ctx, values, host_rows_), rows, first, part.central, found);
}

}  // namespace impasto::insight
