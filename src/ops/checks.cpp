#include "ops/checks.hpp"

#include <string>

namespace impasto::ops::detail {

void expect_alike(const char* operation, const char* what, const form& expected,
                  const form& found) {
    expect_shape(operation, what, expected.extents, found.extents);
    expect_layout(operation, what, expected.order, found.order);
}

void expect_known_order(const char* operation, const char* what, const form& found) {
    if (found.order == layout::nchw || found.on_gpu == (found.order == layout::nhwc))
        return;
    throw shape_error(std::string(operation) + ": " + what + ": expected layout nchw or " +
                      (found.on_gpu ? "nhwc" : "blocks of channels") + ", found " +
                      to_string(found.order));
}

void expect_map_order(const char* operation, const char* what, const form& found) {
    if (found.on_gpu)
        expect_layout(operation, what, layout::nhwc, found.order);
    expect_known_order(operation, what, found);
}

void expect_slots(const char* operation, const char* what, std::int64_t count, const form& found) {
    expect_shape(operation, what, {1, 1, 1, count}, found.extents);
}

}  // namespace impasto::ops::detail
