#include <impasto/ops/vector.hpp>

#include "ops/checks.hpp"

namespace impasto::ops::detail {

void expect_rows(const char* operation, const form& x, std::size_t count, const form& rows) {
    form stacked = x;
    stacked.extents.n = checked_multiply(x.extents.n, static_cast<std::int64_t>(count));
    expect_alike(operation, "rows", stacked, rows);
}

}  // namespace impasto::ops::detail
