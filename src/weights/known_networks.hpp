#pragma once

#include <span>
#include <string_view>

namespace impasto::weights {

struct mean_and_deviation {
    double mean, deviation;
};

/// A network whose activations on verification_picture are known, layer by layer.
struct known_network {
    std::string_view fingerprint;  ///< see weights::fingerprint
    std::string_view name;
    std::span<const mean_and_deviation> layers;
};

[[nodiscard]] std::span<const known_network> known_networks();

}  // namespace impasto::weights
