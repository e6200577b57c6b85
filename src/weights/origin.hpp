#pragma once

#include <array>
#include <optional>
#include <string>

#include <impasto/nn/network.hpp>

#include "weights/recognise.hpp"

namespace impasto::weights {

/// The origin of a network, and the preprocessing that it was trained with.
struct origin {
    std::string name;
    nn::preprocessing input{};
    std::string note{};  ///< what is not certain of it, in one line; empty where all is
};

/// Filter 0 of conv1_1, [3,3,3]: channels as the network orders them, rows, columns.
using first_filter = std::array<float, 27>;

/// The published networks are told apart by their first filter, whatever file it is in, and so is
/// the order of its channels. Scaled filters are recognised too: Gatys' and AdaIN's networks are
/// normalised.
[[nodiscard]] std::optional<origin> find_known_filter(const first_filter& filter);

/// By the file's metadata; else by its first filter, where that is known; else by its names, with a
/// note. Throws format_error on metadata that cannot be read.
[[nodiscard]] origin find_origin(const archive& source, const recognised& found,
                                 const first_filter& filter);

}  // namespace impasto::weights
