#include "insight/unit_gradient_impl.hpp"

#include <string>

namespace impasto::insight {

namespace detail {

const std::string& only_tap(const nn::features_options& options) {
    if (options.taps.size() != 1)
        throw option_error("unit gradient: " + std::to_string(options.taps.size()) +
                           " layers are named; name one");
    return options.taps.front();
}

void expect_unit(const unit& wanted, const shape& map) {
    const auto within = [](std::int64_t i, std::int64_t n) { return i >= 0 && i < n; };
    if (!within(wanted.channel, map.c) || !within(wanted.row, map.h) ||
        !within(wanted.column, map.w))
        throw option_error("unit gradient: there is no channel " + std::to_string(wanted.channel) +
                           " at row " + std::to_string(wanted.row) + ", column " +
                           std::to_string(wanted.column) + " of a map " + to_string(map));
}

}  // namespace detail

template class unit_gradient<cpu>;

}  // namespace impasto::insight
