#include "weights/natural_order.hpp"

#include <cstddef>
#include <utility>

namespace impasto::weights {

bool naturally_less(std::string_view a, std::string_view b) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (!digit(a[i]) || !digit(b[j])) {
            if (a[i] != b[j])
                return a[i] < b[j];
            ++i, ++j;
            continue;
        }
        const auto number = [&](std::string_view text, std::size_t& at) {
            while (at + 1 < text.size() && text[at] == '0' && digit(text[at + 1]))
                ++at;
            const std::size_t begin = at;
            while (at < text.size() && digit(text[at]))
                ++at;
            return std::pair(at - begin, text.substr(begin, at - begin));  // length decides first
        };
        const auto left = number(a, i), right = number(b, j);
        if (left != right)
            return left < right;
    }
    return a.size() - i < b.size() - j;
}

}  // namespace impasto::weights
