#pragma once

#include <filesystem>
#include <optional>

#include <impasto/nn/network.hpp>

namespace impasto::weights {

struct load_options {
    /// Overrides what the file's metadata or its origin say.
    std::optional<nn::preprocessing> preprocessing;
};

/// Reads a VGG from a file of any form that docs/weights.md lists, recognised by its content. The
/// topology is recognised from names and shapes, where names are unknown from the chain of shapes;
/// the first layers of one will do, other tensors (the classifier) do not matter.
/// Throws io_error or format_error, naming the file, the tensor and what was expected.
[[nodiscard]] nn::network load(const std::filesystem::path& file, const load_options& options = {});

/// The small VGG that the library carries: nine convolutions, each of which imitates half
/// of the channels of one of VGG-19's.
[[nodiscard]] nn::network built_in();

}  // namespace impasto::weights
