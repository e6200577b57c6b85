#pragma once

#include <functional>
#include <optional>

#include <impasto/weights/archive.hpp>

#include "formats/pickle.hpp"

namespace impasto::weights {

/// Makes a tensor of the object of a pickle, without its name; nothing where the object is none.
/// Throws format_error on one that is broken.
using make_tensor = std::function<std::optional<entry>(const formats::pickle::value&)>;

/// Every tensor in dictionaries, lists and torch's modules, named by the way to it:
/// "state_dict.features.0.weight", "conv1_1.0". Whatever else lies there is passed over.
[[nodiscard]] std::vector<entry> collect_tensors(const formats::pickle::value& root,
                                                 const make_tensor& make, const std::string& file);

/// Non-negative integers, 8 at most. Throws format_error.
[[nodiscard]] std::vector<std::int64_t> integers_of(const formats::pickle::value* sequence,
                                                    const std::string& file, const char* what);

}  // namespace impasto::weights
