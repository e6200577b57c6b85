#pragma once

#include <impasto/core/tensor.hpp>
#include <impasto/ops/conv2d.hpp>

namespace impasto::kernels {

/// What an engine is planned from; extents and options have been checked. native_engine and
/// cudnn_engine, which are made of one, have the same members.
struct conv_spec {
    tensor_view<const float, cpu> weights;
    shape input, convolved;  ///< convolved: before the pool
    const ops::conv_options& options;
};

}  // namespace impasto::kernels
