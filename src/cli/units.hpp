#pragma once

#include <cstdint>
#include <string>

/// Numbers formatted for people.
namespace impasto::cli {

/// Up to `digits` significant digits, without trailing zeros: "0.00123", "300", "1.5e+09".
[[nodiscard]] std::string compact(double value, int digits = 6);
/// "850 kB", "1.21 GB"
[[nodiscard]] std::string bytes_text(double bytes);
/// "0:42", "1:03:20"
[[nodiscard]] std::string clock_text(double seconds);
/// "287x216": width first.
[[nodiscard]] std::string size_text(std::int64_t height, std::int64_t width);

}  // namespace impasto::cli
