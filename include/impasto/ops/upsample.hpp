#pragma once

#include <cstdint>

#include <impasto/ops/views.hpp>

namespace impasto::ops {

/// Extents of a map enlarged by an integer factor. Throws shape_error for a factor below 1.
[[nodiscard]] shape upsampled(const shape& input, std::int64_t factor);

/// Nearest-neighbour enlargement: output(y, x) = input(⌊y/factor⌋, ⌊x/factor⌋).
/// input: [1,C,H,W]; output: [1,C,H·factor,W·factor] in the same layout, planar or blocked; may not
/// alias input. Throws shape_error where they disagree.
/// Source: Odena et al. 2016, "Deconvolution and Checkerboard Artifacts".
template <class T, class Device>
void upsample(context<Device>& ctx, std::int64_t factor, in_view<T, Device> input,
              out_view<T, Device> output);

/// Writes d_input: each element is the sum of the factor × factor elements copied from it.
template <class T, class Device>
void upsample_backward(context<Device>& ctx, std::int64_t factor, in_view<T, Device> d_output,
                       out_view<T, Device> d_input);

}  // namespace impasto::ops
