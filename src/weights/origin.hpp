#pragma once

#include <array>
#include <optional>
#include <string>

#include <impasto/nn/network.hpp>

#include "weights/recognise.hpp"

namespace impasto::weights {

/// Whose network it is and what it wants to see.
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

/// What the file's metadata say; else what is known of its first filter; else what its names are
/// known for, with a note. Throws format_error on metadata that cannot be read.
[[nodiscard]] origin find_origin(const archive& source, const recognised& found,
                                 const first_filter& filter);

}  // namespace impasto::weights
