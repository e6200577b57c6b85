#include "insight/page.hpp"

#include <initializer_list>
#include <utility>

#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>

// Made by impasto_embed(), see pages/CMakeLists.txt.
#define IMPASTO_PART(name)                                                    \
    extern "C" const char impasto_page_##name[], impasto_page_##name##_end[]; \
    namespace {                                                               \
    std::string_view name() {                                                 \
        return {impasto_page_##name, impasto_page_##name##_end};              \
    }                                                                         \
    }
IMPASTO_PART(page_html)
IMPASTO_PART(page_css)
IMPASTO_PART(page_js)
IMPASTO_PART(report_html)
IMPASTO_PART(report_css)
IMPASTO_PART(report_js)
IMPASTO_PART(explain_html)
IMPASTO_PART(explain_css)
IMPASTO_PART(explain_js)

namespace impasto::insight {

namespace {

using slot = std::pair<std::string_view, std::string_view>;

/// The text with every {{name}} replaced, in one go: what is put in is not looked at again.
std::string filled(std::string_view text, std::initializer_list<slot> slots) {
    std::string result;
    while (true) {
        const auto begin = text.find("{{");
        const auto end = text.find("}}", begin);
        result += text.substr(0, begin);
        if (end == std::string_view::npos)
            return result;
        for (const auto& [name, value] : slots)
            if (name == text.substr(begin + 2, end - begin - 2))
                result += value;
        text.remove_prefix(end + 2);
    }
}

/// JSON that no HTML parser takes for the end of its script.
std::string in_script(const nlohmann::ordered_json& data) {
    const auto text = data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    std::string result;
    result.reserve(text.size());
    for (const char c : text)
        c == '<' ? result += "\\u003c" : result += c;
    return result;
}

}  // namespace

page_kind run_report_page_kind() {
    return {report_html(), report_css(), report_js()};
}

page_kind explain_page_kind() {
    return {explain_html(), explain_css(), explain_js()};
}

std::string make_page(const page_kind& kind, std::string_view title,
                      const nlohmann::ordered_json& data) {
    return filled(page_html(), {{"title", escaped(title)},
                                {"shared style", page_css()},
                                {"style", kind.style},
                                {"body", kind.body},
                                {"data", in_script(data)},
                                {"shared script", page_js()},
                                {"script", kind.script}});
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text)
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\'':
                result += "&#39;";
                break;
            default:
                result += c;
        }
    return result;
}

std::string base64(std::span<const std::byte> bytes) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto at = [&](std::size_t i) {
        return i < bytes.size() ? std::to_integer<unsigned>(bytes[i]) : 0u;
    };
    std::string result;
    result.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const unsigned triple = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        for (unsigned k = 0; k < 4; ++k)
            result += i + k <= bytes.size() ? digits[triple >> (18 - 6 * k) & 63] : '=';
    }
    return result;
}

std::string data_uri(image::picture_view pixels, std::int64_t longest_side, int quality) {
    const auto& s = pixels.shape();
    const auto [height, width] = image::fit(s.h, s.w, longest_side);
    const auto jpeg = image::encode_jpeg(image::resize(pixels, height, width), quality);
    return "data:image/jpeg;base64," + base64(jpeg);
}

}  // namespace impasto::insight
