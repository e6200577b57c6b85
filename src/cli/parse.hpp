#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/style/convention.hpp>

/// Conversion of the text of options, strictly: no other characters, no NaN, no infinity.
/// All throw option_error "--name: 'text' is not …".
namespace impasto::cli {

/// A range including both ends.
template <class T>
struct range {
    T lowest = std::numeric_limits<T>::lowest();
    T highest = std::numeric_limits<T>::max();
};

[[nodiscard]] double parse_number(const std::string& option, const std::string& text,
                                  range<double> allowed);

[[nodiscard]] std::uint64_t parse_natural(const std::string& option, const std::string& text,
                                          range<std::uint64_t> allowed);

/// "30s", "5min", "1h": in seconds.
[[nodiscard]] double parse_duration(const std::string& option, const std::string& text);

/// "0.7,0.3"
[[nodiscard]] std::vector<double> parse_numbers(const std::string& option, const std::string& text,
                                                range<double> allowed);

/// "relu1_1,relu4_2": none of them empty, none twice.
[[nodiscard]] std::vector<std::string> parse_names(const std::string& option,
                                                   const std::string& text);

/// "relu1_1=1,relu2_1=0.5,relu3_1"; the weight is 1 where it is left out.
[[nodiscard]] std::vector<style::weighted_layer> parse_layers(const std::string& option,
                                                              const std::string& text);

/// A name on the command line and its value.
template <class T>
struct named {
    const char* name;
    T value;
};

/// "lbfgs, adam or gd"
[[nodiscard]] std::string enumerate(const std::vector<std::string>& words);

template <class T>
[[nodiscard]] std::vector<std::string> names_of(std::span<const named<T>> choices) {
    std::vector<std::string> names;
    for (const auto& choice : choices)
        names.emplace_back(choice.name);
    return names;
}

template <class T>
[[nodiscard]] const char* name_of(std::span<const named<T>> choices, T value) {
    return std::ranges::find(choices, value, &named<T>::value)->name;
}

template <class T>
[[nodiscard]] T parse_choice(const std::string& option, const std::string& text,
                             std::span<const named<T>> choices) {
    const auto found = std::ranges::find(choices, text, &named<T>::name);
    if (found == choices.end())
        throw option_error(option + ": '" + text + "' is not " + enumerate(names_of(choices)));
    return found->value;
}

}  // namespace impasto::cli
