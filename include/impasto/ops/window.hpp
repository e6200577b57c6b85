#pragma once

#include <cstdint>

#include <impasto/ops/views.hpp>

/// Rectangles of pixels or of feature maps, all channels of them, in any layout.
namespace impasto::ops {

/// window = the rectangle of `whole` that starts at (row, column) and has the window's size. Both
/// [1,C,·,·] in one layout. Throws shape_error where it is not all inside.
template <class T, class Device>
void copy_window(context<Device>& ctx, in_view<T, Device> whole, std::int64_t row,
                 std::int64_t column, out_view<T, Device> window);

/// That rectangle of `whole` += window.
template <class T, class Device>
void add_window(context<Device>& ctx, in_view<T, Device> window, std::int64_t row,
                std::int64_t column, out_view<T, Device> whole);

namespace detail {

/// Both as planes of rows of `pixel` elements in memory.
struct window_rows {
    std::int64_t planes;
    std::int64_t rows, row_elements;  ///< of the window
    std::int64_t whole_rows, whole_row_elements;
    std::int64_t first;  ///< element of the whole's plane at which the window starts

    /// Rows of all planes, and where one of the window's begins in the whole.
    [[nodiscard]] constexpr std::int64_t count() const { return planes * rows; }
    [[nodiscard]] constexpr std::int64_t in_whole(std::int64_t window_row) const {
        return window_row / rows * whole_rows * whole_row_elements + first +
               window_row % rows * whole_row_elements;
    }
};

/// Throws shape_error, naming the operation.
[[nodiscard]] window_rows expect_window(const char* operation, const shape& whole, layout order,
                                        const shape& window, layout window_order, std::int64_t row,
                                        std::int64_t column);

}  // namespace detail

}  // namespace impasto::ops
