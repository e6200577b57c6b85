#pragma once

#include <cstddef>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::cpu_detail {

/// 3×3 filters taken to Winograd's domain for tiles of 4×4 outputs.
struct winograd_filter {
    std::int64_t in = 0;   ///< channels, whole blocks
    std::int64_t out = 0;  ///< channels, whole blocks
    tensor<float, cpu> u;  ///< [36][panels of out][in][panel], as multiply reads it
};

/// weights: [out,in,3,3]. flipped: the filter of the transposed convolution, in and out exchanged.
/// Source: Lavin & Gray 2016, §4.3; computed in double.
[[nodiscard]] winograd_filter winograd_transform(context<cpu>& ctx,
                                                 tensor_view<const float, cpu> weights,
                                                 bool flipped);

struct winograd_epilogue {
    const float* bias = nullptr;  ///< one for each output channel, whole blocks; null for none
    bool relu = false;
};

/// 3×3, stride 1, padding 1 between two maps of equal height and width in a blocked layout.
void winograd_convolve(context<cpu>& ctx, const winograd_filter& filter,
                       tensor_view<const float, cpu> input, winograd_epilogue epilogue,
                       tensor_view<float, cpu> output);

/// Scratch that a call uses.
[[nodiscard]] std::size_t winograd_scratch_bytes(const context<cpu>& ctx,
                                                 const winograd_filter& filter, const shape& input);

}  // namespace impasto::cpu_detail
