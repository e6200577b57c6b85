#pragma once

#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::kernels {

/// Filters [out,in,k,k] on the host whose every value T holds; of float, TF32.
///
/// The taps of a filter are rounded together, each to what is nearest to it *and* what rounding has
/// left over before; the smallest comes last. Their sum then is right to that one's last place.
/// Maps are smooth: nine neighbours are nearly one value, which meets nothing but that sum.
template <class T>
[[nodiscard]] tensor<float, cpu> rounded_filters(tensor_view<const float, cpu> weights);

}  // namespace impasto::kernels
