#pragma once

#include <array>

#include <impasto/ops/views.hpp>

namespace impasto::ops {

/// What lies beyond the edge of a picture: zeros, the nearest pixel, or the opposite edge.
enum class border { zero, replicate, wrap };

/// A network's view of pixels: channel k of the result is gain[k] · pixels[source[k]] + offset[k].
struct pixel_transform {
    std::array<int, 3> source{0, 1, 2};
    std::array<float, 3> gain{1, 1, 1};
    std::array<float, 3> offset{};
};

/// pixels: planar [1,3,H,W] → input: [1,3,H+2m,W+2m], planar or, on a GPU, nhwc. Its margin of m
/// repeats the nearest pixel, goes on at the opposite edge (any m), or is zero (after the
/// transform, as a network that pads with zeros sees it).
template <class T = float, class Device>
void normalize_pixels(context<Device>& ctx, const pixel_transform& transform, border margin,
                      in_view<float, Device> pixels, out_view<T, Device> input);

/// Writes d_pixels from d_input, whose margin is added to the pixels that it was taken from.
/// d_input may be planar or in a feature layout.
template <class T = float, class Device>
void normalize_pixels_backward(context<Device>& ctx, const pixel_transform& transform,
                               border margin, in_view<T, Device> d_input,
                               out_view<float, Device> d_pixels);

/// Copies between layouts, and on a GPU from and to float; padding channels of a blocked result
/// become zero.
template <class From = float, class To = float, class Device>
void reorder(context<Device>& ctx, in_view<From, Device> from, out_view<To, Device> to);

}  // namespace impasto::ops
