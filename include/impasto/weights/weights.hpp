#pragma once

#include <filesystem>
#include <optional>

#include <impasto/nn/network.hpp>

namespace impasto::weights {

struct load_options {
    /// Overrides the preprocessing of the file's metadata or origin.
    std::optional<nn::preprocessing> preprocessing;
};

/// Reads a VGG from a weight file of any format that docs/weights.md lists, recognised by its
/// content. The topology is recognised from names and shapes, or where names are unknown from the
/// chain of shapes. The first layers of one are enough; other tensors (the classifier) are ignored.
/// Throws io_error or format_error, naming the file, the tensor and what was expected.
[[nodiscard]] nn::network load(const std::filesystem::path& file, const load_options& options = {});

/// The small VGG that is compiled into the library: nine convolutions, each trained to imitate half
/// of the channels of one of VGG-19's.
[[nodiscard]] nn::network built_in();

}  // namespace impasto::weights
