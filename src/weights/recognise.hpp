#pragma once

#include <optional>
#include <span>
#include <string>

#include <impasto/nn/network.hpp>
#include <impasto/weights/archive.hpp>
#include <impasto/weights/weights.hpp>

#include "weights/naming.hpp"

namespace impasto::weights {

/// A table that a file's tensors fill, from the first layer on.
struct recognised {
    nn::topology topology;
    std::span<const nn::layer> layers;  ///< up to the last layer before a missing convolution
    naming names;
    std::string prefix;      ///< of every name
    bool by_shapes = false;  ///< the names are not the file's: see chain.hpp

    [[nodiscard]] std::string name_of(std::string_view pattern, std::size_t position = 0) const {
        return prefix + spell(pattern, place_of(names, layers, position));
    }
};

/// Finds the deepest known topology whose first convolutions are those of the file. Tensors of
/// other names (classifier.*, fc6.*) do not matter. Throws format_error that names the first tensor
/// that does not fit the nearest match.
[[nodiscard]] recognised recognise(const archive& source);

/// Whether the file has a convolution under any known naming.
[[nodiscard]] bool has_known_names(const archive& source);

/// The tensor with extents [out,in,kh,kw], whether the file has it so or as [kh,kw,in,out]; nothing
/// where it has other extents.
[[nodiscard]] std::optional<entry> as_filter(const entry& tensor, const shape& expected);
/// The tensor with extents [length], whichever of its dimensions is not 1.
[[nodiscard]] std::optional<entry> as_vector(const entry& tensor, std::int64_t length);

/// Recognises, checks and widens everything. Throws format_error.
[[nodiscard]] nn::network to_network(const archive& source, const load_options& options);

}  // namespace impasto::weights
