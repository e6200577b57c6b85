#include "cli/units.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace impasto::cli {

namespace {

template <class... Values>
std::string print(const char* format, Values... values) {
    char text[64];
    const int length = std::snprintf(text, sizeof text, format, values...);
    return {text, std::min(static_cast<std::size_t>(length), sizeof text - 1)};
}

}  // namespace

std::string compact(double value, int digits) {
    return print("%.*g", digits, value);
}

std::string bytes_text(double bytes) {
    const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    int unit = 0;
    for (; bytes >= 999.5 && unit < 5; ++unit)
        bytes /= 1000;
    return print("%.3g %s", bytes, units[unit]);
}

std::string clock_text(double seconds) {
    const auto whole = static_cast<long long>(std::lround(std::clamp(seconds, 0.0, 1e9)));
    const auto hours = whole / 3600, minutes = whole / 60 % 60;
    return hours > 0 ? print("%lld:%02lld:%02lld", hours, minutes, whole % 60)
                     : print("%lld:%02lld", minutes, whole % 60);
}

std::string size_text(std::int64_t height, std::int64_t width) {
    return std::to_string(width) + "x" + std::to_string(height);
}

}  // namespace impasto::cli
