#include "cli/parse.hpp"

#include <charconv>
#include <cmath>

#include "cli/units.hpp"

namespace impasto::cli {

namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& text,
                         const std::string& wanted) {
    throw option_error(option + ": '" + text + "' is not " + wanted);
}

/// "a number of at least 0", "a whole number from 1 to 1024"
template <class T>
std::string describe(const std::string& kind, range<T> allowed) {
    const auto written = [](T value) { return compact(static_cast<double>(value)); };
    if (allowed.highest != range<T>().highest)
        return kind + " from " + written(allowed.lowest) + " to " + written(allowed.highest);
    if (allowed.lowest != range<T>().lowest)
        return kind + " of at least " + written(allowed.lowest);
    return kind;
}

template <class T>
bool reads_as(const std::string& text, T& value, range<T> allowed) {
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value);
    return code == std::errc() && stop == end && value >= allowed.lowest &&
           value <= allowed.highest;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts(1);
    for (const char c : text)
        if (c == ',')
            parts.emplace_back();
        else
            parts.back() += c;
    return parts;
}

void expect_new(const std::string& option, const std::string& name,
                const std::vector<std::string>& before) {
    if (std::ranges::find(before, name) != before.end())
        throw option_error(option + ": " + name + " is named twice; name each layer once");
}

}  // namespace

double parse_number(const std::string& option, const std::string& text, range<double> allowed) {
    double value = 0;
    if (!reads_as(text, value, allowed) || !std::isfinite(value))
        refuse(option, text, describe("a number", allowed));
    return value;
}

std::uint64_t parse_natural(const std::string& option, const std::string& text,
                            range<std::uint64_t> allowed) {
    std::uint64_t value = 0;
    if (!reads_as(text, value, allowed))
        refuse(option, text, describe("a whole number", allowed));
    return value;
}

double parse_duration(const std::string& option, const std::string& text) {
    constexpr std::pair<const char*, double> units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
    const auto unit = std::min(text.find_first_not_of("0123456789."), text.size());
    for (const auto& [name, seconds] : units)
        if (unit > 0 && text.substr(unit) == name)
            return parse_number(option, text.substr(0, unit), {0, 1e6}) * seconds;
    throw option_error(option + ": '" + text + "' is not a time, such as 30s, 5min or 1h");
}

std::vector<double> parse_numbers(const std::string& option, const std::string& text,
                                  range<double> allowed) {
    std::vector<double> values;
    for (const auto& part : split(text))
        values.push_back(parse_number(option, part, allowed));
    return values;
}

std::vector<std::string> parse_names(const std::string& option, const std::string& text) {
    std::vector<std::string> names;
    for (auto& name : split(text)) {
        if (name.empty())
            refuse(option, text, "a comma-separated list of layers, such as relu1_1,relu4_2");
        expect_new(option, name, names);
        names.push_back(std::move(name));
    }
    return names;
}

std::vector<style::weighted_layer> parse_layers(const std::string& option,
                                                const std::string& text) {
    std::vector<style::weighted_layer> layers;
    std::vector<std::string> names;
    for (const auto& part : split(text)) {
        const auto equals = part.find('=');
        auto name = part.substr(0, equals);
        if (name.empty())
            refuse(option, text, "a comma-separated list of layers, such as relu1_1=1,relu2_1=0.5");
        expect_new(option, name, names);
        const double weight = equals == std::string::npos
                                  ? 1
                                  : parse_number(option + " " + name, part.substr(equals + 1), {0});
        names.push_back(name);
        layers.push_back({std::move(name), weight});
    }
    return layers;
}

std::string enumerate(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i)
        text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return text;
}

}  // namespace impasto::cli
