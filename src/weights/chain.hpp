#pragma once

#include <optional>
#include <string>

#include <impasto/weights/archive.hpp>

/// For files with unknown names: a VGG is recognised by its chain of shapes, 3→64→64→128→….
namespace impasto::weights {

/// A file whose tensors have been given known names, and how that was done.
struct named_by_chain {
    archive renamed;   ///< conv1_1.weight, conv1_1.bias, …, and nothing else
    std::string note;  ///< one line: what was assumed, and what was left out
};

/// Takes the 3×3 filters that have a shape of some known topology, in the order of the file or of
/// their names, for its convolutions if they are its first ones, three or more, without a gap and
/// with none left over. The bias of each is the vector beside it: of the same group or module, else
/// the next tensor. Other tensors, such as side branches and classifiers, are left out.
/// Nothing where the file has no such filters. Throws format_error, naming a tensor, where they are
/// no chain, where the two orders are chains that differ, where a bias is missing or not the only
/// one, and where vectors remain that could be a BatchNorm's.
[[nodiscard]] std::optional<named_by_chain> name_by_chain(const archive& source);

}  // namespace impasto::weights
