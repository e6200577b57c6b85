#include <impasto/ops/window.hpp>

#include <string>

namespace impasto::ops::detail {

window_rows expect_window(const char* operation, const shape& whole, layout order,
                          const shape& window, layout window_order, std::int64_t row,
                          std::int64_t column) {
    expect_layout(operation, "window", order, window_order);
    if (whole.n != 1 || window.n != 1 || window.c != whole.c || row < 0 || column < 0 ||
        row + window.h > whole.h || column + window.w > whole.w)
        throw shape_error(std::string(operation) + ": a window " + to_string(window) + " at row " +
                          std::to_string(row) + ", column " + std::to_string(column) +
                          " is not inside " + to_string(whole));
    const bool channels_last = order == layout::nhwc;
    const auto pixel = channels_last ? whole.c : channel_block(order);
    return {.planes = channels_last ? 1 : channel_blocks(whole.c, order),
            .rows = window.h,
            .row_elements = window.w * pixel,
            .whole_rows = whole.h,
            .whole_row_elements = whole.w * pixel,
            .first = (row * whole.w + column) * pixel};
}

}  // namespace impasto::ops::detail
