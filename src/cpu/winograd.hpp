#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/pool2d.hpp>

namespace impasto::cpu_detail {

/// Output channels of a filter that stand together, for a layout's block: what the registers hold
/// beside a few rows of tiles, which AVX-512 has twice as many of.
[[nodiscard]] constexpr std::int64_t filter_panel(std::int64_t block) {
    return block == 16 ? 64 : 16;
}

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

/// The map that a convolution reads. With gates it is a gradient on its way back: closed ones read
/// as zero. With a pool, data are of the pooled map, each spread over its window.
struct winograd_source {
    const float* data;
    const std::uint8_t* gates = nullptr;  ///< of the whole map
    std::optional<ops::pool_options> pool{};
};

/// The map that it writes, after bias, ReLU and pool.
struct winograd_target {
    float* data;
    const float* bias = nullptr;  ///< one for each output channel, whole blocks; null for none
    bool relu = false;
    std::uint8_t* gates = nullptr;  ///< of the whole map; null for none
    std::optional<ops::pool_options> pool{};
};

/// 3×3, stride 1, padding 1 between two maps of height × width in the context's feature layout.
void winograd_convolve(context<cpu>& ctx, const winograd_filter& filter, std::int64_t height,
                       std::int64_t width, const winograd_source& source,
                       const winograd_target& target);

/// Scratch that a call uses; none for an empty filter.
[[nodiscard]] std::size_t winograd_scratch_bytes(const context<cpu>& ctx,
                                                 const winograd_filter& filter, std::int64_t height,
                                                 std::int64_t width);

}  // namespace impasto::cpu_detail
