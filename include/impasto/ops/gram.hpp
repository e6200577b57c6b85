#pragma once

#include <cstddef>

#include <impasto/ops/scalars.hpp>
#include <impasto/ops/views.hpp>

namespace impasto::ops {

/// Gram matrix G = F·Fᵀ of one feature map, both triangles written.
/// features: [1,C,H,W], on the CPU planar or in blocks, on a GPU nhwc; gram: [1,1,C,C], not
/// normalised (see docs/conventions.md). Throws shape_error where they disagree. Products of 16-bit
/// elements are exact, those of tf32 have ten bits of fraction; sums are float. Source: Gatys et
/// al. 2016, eq. 3; on the CPU one triangle over cache-sized runs of pixels, mirrored, on a GPU a
/// product of cuBLAS.
template <class T = float, class Device>
void gram(context<Device>& ctx, in_view<T, Device> features, out_view<float, Device> gram);

/// gradient += D·F: what a loss adds at a feature map when D = (∂E/∂G + ∂E/∂Gᵀ), which is
/// symmetric. features, gradient: [1,C,H,W]; d_gram: [1,1,C,C], rounded to 16 bits for maps of 16
/// bits. Source: Gatys et al. 2016, eq. 6.
template <class T = float, class Device>
void gram_backward(context<Device>& ctx, in_view<T, Device> features, in_view<float, Device> d_gram,
                   out_view<T, Device> gradient);

/// sum: Σ(gram_scale·G − A)², and d_gram = d_scale · (gram_scale·G − A): a style loss and what
/// gram_backward wants of it. gram, target, d_gram: [1,1,C,C]; d_gram may be gram itself, or empty.
/// sum: [1,1,1,1], see ops::scalars.
template <class Device>
void gram_error(context<Device>& ctx, in_view<float, Device> gram, double gram_scale,
                in_view<float, Device> target, double d_scale, out_view<float, Device> d_gram,
                out_view<double, Device> sum);

/// The same, waited for.
template <class Device>
[[nodiscard]] double gram_error(context<Device>& ctx, in_view<float, Device> gram,
                                double gram_scale, in_view<float, Device> target, double d_scale,
                                out_view<float, Device> d_gram) {
    return detail::waited_for(
        ctx, [&](auto sum) { gram_error(ctx, gram, gram_scale, target, d_scale, d_gram, sum); });
}

/// Scratch that gram and gram_backward use for such a map.
template <class Device>
[[nodiscard]] std::size_t gram_scratch_bytes(const context<Device>& ctx, const shape& features);

}  // namespace impasto::ops
