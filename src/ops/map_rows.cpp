#include <impasto/ops/map_rows.hpp>

#include <string>

#include "ops/checks.hpp"

namespace impasto::ops::detail {

namespace {

void expect_window(const char* operation, const form& map, const map_window& w) {
    const auto& s = map.extents;
    expect_shape(operation, "map", {1, s.c, s.h, s.w}, s);
    if (map.order == layout::nchw)
        throw shape_error(std::string(operation) + ": map: expected a feature layout, found nchw");
    expect_map_order(operation, "map", map);
    const auto within = [](std::int64_t first, std::int64_t count, std::int64_t extent) {
        return first >= 0 && count > 0 && count <= extent - first;
    };
    if (!within(w.first_row, w.rows, s.h) || !within(w.first_column, w.columns, s.w))
        throw shape_error(std::string(operation) + ": a window of " + std::to_string(w.rows) + "x" +
                          std::to_string(w.columns) + " at row " + std::to_string(w.first_row) +
                          ", column " + std::to_string(w.first_column) +
                          " is empty or not all inside the map " + to_string(s));
}

}  // namespace

void expect_row_maxima(const form& map, const map_window& window, const form& maxima) {
    expect_window("row_maxima", map, window);
    expect_shape("row_maxima", "maxima", {1, map.extents.c, window.rows, 1}, maxima.extents);
    expect_layout("row_maxima", "maxima", map.order, maxima.order);
}

void expect_gather_rows(const form& map, const map_window& window, std::size_t wanted,
                        const form& values) {
    expect_window("gather_rows", map, window);
    expect_shape("gather_rows", "values", {1, 1, static_cast<std::int64_t>(wanted), window.columns},
                 values.extents);
    expect_layout("gather_rows", "values", layout::nchw, values.order);
}

}  // namespace impasto::ops::detail
