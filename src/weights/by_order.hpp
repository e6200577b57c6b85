#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <impasto/nn/topology.hpp>
#include <impasto/weights/archive.hpp>

/// For files that identify convolutions by their order rather than by name.
namespace impasto::weights {

/// The deepest known topology whose first convolutions have these filters, as many as there are.
/// filters: [out,in,3,3] each. Nothing where no topology has them.
[[nodiscard]] std::optional<nn::topology> topology_of(std::span<const entry> filters);

/// What the layers of `known` call convolution number `index`: "conv1_2".
[[nodiscard]] std::string layer_name(const nn::topology& known, std::size_t index);

/// The same number as torchvision's: its place in a Sequential of convolutions, BatchNorms where
/// there are any, ReLUs and pools.
[[nodiscard]] std::size_t sequential_position(const nn::topology& known, std::size_t index,
                                              bool batch_norm);

/// A tensor that is stored as [kh,kw,in,out], in C order, turned to [out,in,kh,kw] by its strides.
/// Extents that are no filter's stay as they are. With `first_is_fastest` the file's order is
/// MATLAB's.
void turn_to_out_in(entry& tensor, bool first_is_fastest);

}  // namespace impasto::weights
