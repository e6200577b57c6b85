#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <impasto/image/picture.hpp>

/// Pages that need nothing but themselves: one file of HTML with its style, its script, its numbers
/// and its pictures, for any browser, without a network. The files in pages/ are their parts.
namespace impasto::insight {

/// One kind of page: what stands in it, how it looks, what it does with its numbers.
struct page_kind {
    std::string_view body, style, script;
};

[[nodiscard]] page_kind run_report_page_kind();
[[nodiscard]] page_kind explain_page_kind();

/// The whole page. Its script finds `data` as the constant `data`.
[[nodiscard]] std::string make_page(const page_kind& kind, std::string_view title,
                                    const nlohmann::ordered_json& data);

/// Text as it may stand between tags or in quotes.
[[nodiscard]] std::string escaped(std::string_view text);

/// RFC 4648, section 4, padded.
[[nodiscard]] std::string base64(std::span<const std::byte> bytes);

/// A JPEG inside a data: URI, made smaller where it is longer than `longest_side`.
[[nodiscard]] std::string data_uri(image::picture_view pixels, std::int64_t longest_side,
                                   int quality = 90);

}  // namespace impasto::insight
