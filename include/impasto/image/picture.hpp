#pragma once

#include <impasto/core/tensor.hpp>

namespace impasto::image {

/// Pixels as the whole library sees them: sRGB, float in [0,1], planar [1,3,H,W].
using picture = tensor<float, cpu>;
using picture_view = tensor_view<const float, cpu>;

}  // namespace impasto::image
