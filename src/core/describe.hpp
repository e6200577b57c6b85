#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include <impasto/core/error.hpp>

namespace impasto {

[[noreturn]] inline void refuse(const std::string& file, const std::string& what) {
    throw format_error(file + ": " + what);
}

/// A text from a file, fit for a message: in quotes, one line, no control characters, not endless.
[[nodiscard]] inline std::string quoted(const std::string& text) {
    constexpr std::size_t longest = 80;
    using nlohmann::json;
    const bool cut = text.size() > longest;
    return json(text.substr(0, longest))
               .dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace) +
           (cut ? "…" : "");
}

/// "[64,3,3,3]"
[[nodiscard]] inline std::string to_text(std::span<const std::int64_t> extents) {
    std::string text = "[";
    for (const std::int64_t extent : extents)
        text += (text.size() > 1 ? "," : "") + std::to_string(extent);
    return text + "]";
}

}  // namespace impasto
