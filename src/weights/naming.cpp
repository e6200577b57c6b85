#include "weights/naming.hpp"

#include <algorithm>
#include <map>

namespace impasto::weights {

namespace {

constexpr std::size_t longest_number = 3;

std::string_view leading_digits(std::string_view text) {
    return text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
}

}  // namespace

place place_of(const naming& names, std::span<const nn::layer> layers, std::size_t position) {
    const nn::layer& row = layers[position];
    if (names.step == 0)
        return std::to_string(row.block) + "_" + std::to_string(row.index);
    const auto before = layers.first(position);
    const auto pools = static_cast<int>(std::ranges::count_if(before, &nn::layer::is_pool));
    const int convolutions = static_cast<int>(position) - pools;
    return std::to_string(names.first + names.step * convolutions + names.pool * pools);
}

std::string spell(std::string_view pattern, const place& where) {
    const auto bar = std::min(where.find('_'), where.size());
    const std::string front = where.substr(0, bar);
    std::string name;
    while (!pattern.empty()) {
        const auto open = std::min(pattern.find('{'), pattern.size());
        name += pattern.substr(0, open);
        pattern.remove_prefix(open);
        if (pattern.empty())
            break;
        switch (pattern[1]) {
            case 'b':
            case 'n':
                name += front;
                break;
            case 'i':
                name += where.substr(bar + 1);
                break;
            case 'm':
                name += std::to_string(std::stoi(front) + 1);
                break;
            default:
                break;
        }
        pattern.remove_prefix(3);
    }
    return name;
}

std::optional<place> find_place(std::string_view pattern, std::string_view name) {
    std::map<char, std::string_view> found;
    while (!pattern.empty()) {
        if (pattern[0] != '{') {
            if (name.empty() || name[0] != pattern[0])
                return std::nullopt;
            pattern.remove_prefix(1);
            name.remove_prefix(1);
            continue;
        }
        const auto digits = leading_digits(name);
        if (digits.empty() || digits.size() > longest_number)
            return std::nullopt;
        found.emplace(pattern[1], digits);
        pattern.remove_prefix(3);
        name.remove_prefix(digits.size());
    }
    if (!name.empty())
        return std::nullopt;
    const bool numbered = found.contains('n');
    return numbered ? place(found['n']) : place(found['b']) + "_" + place(found['i']);
}

}  // namespace impasto::weights
