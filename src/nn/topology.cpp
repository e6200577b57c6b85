#include <impasto/nn/topology.hpp>

#include <algorithm>

#include <impasto/core/error.hpp>

namespace impasto::nn {

namespace {

std::string name_with(const char* activation, const layer& row) {
    if (row.is_pool())
        return "pool" + std::to_string(row.block);
    return activation + std::to_string(row.block) + "_" + std::to_string(row.index);
}

[[noreturn]] void refuse_tap(std::span<const layer> layers, std::string_view tap) {
    std::string message = "no layer \"" + std::string(tap) + "\"";
    std::string known;
    for (const layer& row : layers) {
        if (name_of(row) == tap)
            message +=
                ", features are taken after the ReLU: did you mean " + tap_name_of(row) + "?";
        known += " " + tap_name_of(row);
    }
    throw option_error(message + "; the network has" + known);
}

}  // namespace

std::string name_of(const layer& row) {
    return name_with("conv", row);
}

std::string tap_name_of(const layer& row) {
    return name_with("relu", row);
}

std::size_t find_tap(std::span<const layer> layers, std::string_view tap) {
    const auto found = std::ranges::find(layers, tap, tap_name_of);
    if (found == layers.end())
        refuse_tap(layers, tap);
    return static_cast<std::size_t>(found - layers.begin());
}

std::int64_t smallest_side(std::span<const layer> layers, std::size_t last) {
    const auto pools = std::ranges::count_if(layers.first(last + 1), &layer::is_pool);
    return std::int64_t{1} << pools;
}

}  // namespace impasto::nn
