#pragma once

#include <array>

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::ops {

/// What lies beyond the edge of a picture: zeros, the nearest pixel, or the opposite edge.
enum class border { zero, replicate, wrap };

/// A network's view of pixels: channel k of the result is gain[k] · pixels[source[k]] + offset[k].
struct pixel_transform {
    std::array<int, 3> source{0, 1, 2};
    std::array<float, 3> gain{1, 1, 1};
    std::array<float, 3> offset{};
};

/// pixels: planar [1,3,H,W] → input: planar [1,3,H+2m,W+2m], whose margin of m repeats the nearest
/// pixel, goes on at the opposite edge (any m), or is zero (after the transform, as a network that
/// pads with zeros sees it).
void normalize_pixels(context<cpu>& ctx, const pixel_transform& transform, border margin,
                      tensor_view<const float, cpu> pixels, tensor_view<float, cpu> input);

/// Writes d_pixels from d_input, whose margin is added to the pixels that it was taken from.
/// d_input may be planar or in a feature layout.
void normalize_pixels_backward(context<cpu>& ctx, const pixel_transform& transform, border margin,
                               tensor_view<const float, cpu> d_input,
                               tensor_view<float, cpu> d_pixels);

/// Copies between layouts; padding channels of a blocked result become zero.
void reorder(context<cpu>& ctx, tensor_view<const float, cpu> from, tensor_view<float, cpu> to);

// On a GPU: the network's input and its gradient may be planar or in nhwc.
void normalize_pixels(context<cuda>& ctx, const pixel_transform& transform, border margin,
                      tensor_view<const float, cuda> pixels, tensor_view<float, cuda> input);
void normalize_pixels_backward(context<cuda>& ctx, const pixel_transform& transform, border margin,
                               tensor_view<const float, cuda> d_input,
                               tensor_view<float, cuda> d_pixels);
void normalize_pixels(context<cuda>& ctx, const pixel_transform& transform, border margin,
                      tensor_view<const float, cuda> pixels, tensor_view<half, cuda> input);
void normalize_pixels_backward(context<cuda>& ctx, const pixel_transform& transform, border margin,
                               tensor_view<const half, cuda> d_input,
                               tensor_view<float, cuda> d_pixels);
void normalize_pixels(context<cuda>& ctx, const pixel_transform& transform, border margin,
                      tensor_view<const float, cuda> pixels, tensor_view<bfloat16, cuda> input);
void normalize_pixels_backward(context<cuda>& ctx, const pixel_transform& transform, border margin,
                               tensor_view<const bfloat16, cuda> d_input,
                               tensor_view<float, cuda> d_pixels);

// On a GPU: between planar and nhwc, from and to float.
void reorder(context<cuda>& ctx, tensor_view<const float, cuda> from, tensor_view<float, cuda> to);
void reorder(context<cuda>& ctx, tensor_view<const float, cuda> from, tensor_view<half, cuda> to);
void reorder(context<cuda>& ctx, tensor_view<const half, cuda> from, tensor_view<float, cuda> to);
void reorder(context<cuda>& ctx, tensor_view<const float, cuda> from,
             tensor_view<bfloat16, cuda> to);
void reorder(context<cuda>& ctx, tensor_view<const bfloat16, cuda> from,
             tensor_view<float, cuda> to);

}  // namespace impasto::ops
