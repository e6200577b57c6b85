#pragma once

#include <type_traits>

#include <impasto/core/half.hpp>

namespace impasto {

/// Element tag of maps that are float32 in memory and multiplied, on a GPU, with the ten bits of
/// fraction that TF32 has: conv2d<tf32, cuda>. The other elements, float, half and bfloat16, are
/// tags and storage in one.
struct tf32 {};

/// What a tensor of T holds in memory.
template <class T>
using stored = std::conditional_t<std::is_same_v<T, tf32>, float, T>;

}  // namespace impasto
