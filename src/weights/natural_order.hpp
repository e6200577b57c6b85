#pragma once

#include <string_view>

namespace impasto::weights {

/// "conv2d_9" before "conv2d_10": runs of digits count as numbers.
[[nodiscard]] bool naturally_less(std::string_view a, std::string_view b);

}  // namespace impasto::weights
