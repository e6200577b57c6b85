#pragma once

#include <type_traits>

#include <impasto/core/context.hpp>
#include <impasto/core/element.hpp>
#include <impasto/core/tensor.hpp>

/// How operations are declared: one template each, over the elements of maps T and the device. The
/// device follows from the context. T is never deduced, so that tensors and views convert and TF32
/// can be told from float: ops::relu(ctx, x) is of floats, ops::relu<half>(ctx, x) of halves.
///
/// Engines instantiate what they have: on the CPU maps are float; on a GPU float, tf32, half or
/// bfloat16. A call of what an engine lacks does not link.
namespace impasto::ops {

/// A parameter that is read.
template <class T, class Device>
using in_view = std::type_identity_t<tensor_view<const stored<T>, Device>>;

/// A parameter that is written.
template <class T, class Device>
using out_view = std::type_identity_t<tensor_view<stored<T>, Device>>;

}  // namespace impasto::ops
