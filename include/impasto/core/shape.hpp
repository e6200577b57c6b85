#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <impasto/core/error.hpp>

namespace impasto {

/// Product of two non-negative extents. Throws shape_error if it does not fit into 63 bits.
[[nodiscard]] constexpr std::int64_t checked_multiply(std::int64_t a, std::int64_t b) {
    if (a < 0 || b < 0 || (b != 0 && a > std::numeric_limits<std::int64_t>::max() / b))
        throw shape_error("extents " + std::to_string(a) + " and " + std::to_string(b) +
                          " are negative or their product is too large");
    return a * b;
}

/// Extents of a tensor, outermost first. Filters use them as [out, in, kh, kw].
struct shape {
    std::int64_t n = 1;
    std::int64_t c = 1;
    std::int64_t h = 1;
    std::int64_t w = 1;

    [[nodiscard]] constexpr std::int64_t pixels() const { return checked_multiply(h, w); }
    [[nodiscard]] constexpr std::int64_t elements() const {
        return checked_multiply(checked_multiply(n, c), pixels());
    }

    friend constexpr bool operator==(const shape&, const shape&) = default;
};

/// "[1,3,512,384]"
[[nodiscard]] inline std::string to_string(const shape& s) {
    return "[" + std::to_string(s.n) + "," + std::to_string(s.c) + "," + std::to_string(s.h) + "," +
           std::to_string(s.w) + "]";
}

}  // namespace impasto
