#pragma once

#include <impasto/core/tensor.hpp>

namespace impasto::image {

/// Pixels of a picture: sRGB, float in [0,1], planar [1,3,H,W].
using picture = tensor<float, cpu>;
using picture_view = tensor_view<const float, cpu>;

}  // namespace impasto::image
