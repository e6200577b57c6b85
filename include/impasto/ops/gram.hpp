#pragma once

#include <cstddef>

#include <impasto/core/context.hpp>
#include <impasto/core/half.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::ops {

/// Gram matrix G = F·Fᵀ of one feature map, both triangles written.
/// features: [1,C,H,W], planar or in blocks; gram: [1,1,C,C], not normalised (see
/// docs/conventions.md). Throws shape_error where they disagree. Source: Gatys et al. 2016, eq. 3;
/// one triangle over cache-sized runs of pixels, mirrored.
void gram(context<cpu>& ctx, tensor_view<const float, cpu> features, tensor_view<float, cpu> gram);

/// gradient += D·F: what a loss adds at a feature map when D = (∂E/∂G + ∂E/∂Gᵀ), which is
/// symmetric. features, gradient: [1,C,H,W]; d_gram: [1,1,C,C]. Source: Gatys et al. 2016, eq. 6.
void gram_backward(context<cpu>& ctx, tensor_view<const float, cpu> features,
                   tensor_view<const float, cpu> d_gram, tensor_view<float, cpu> gradient);

/// Σ(gram_scale·G − A)², and d_gram = d_scale · (gram_scale·G − A): a style loss and what
/// gram_backward wants of it. gram, target, d_gram: [1,1,C,C]; d_gram may be gram itself, or empty.
[[nodiscard]] double gram_error(context<cpu>& ctx, tensor_view<const float, cpu> gram,
                                double gram_scale, tensor_view<const float, cpu> target,
                                double d_scale, tensor_view<float, cpu> d_gram);

/// The same, the sum left in a slot (ops::scalars) for loops whose host is not to wait.
inline void gram_error(context<cpu>& ctx, tensor_view<const float, cpu> gram, double gram_scale,
                       tensor_view<const float, cpu> target, double d_scale,
                       tensor_view<float, cpu> d_gram, tensor_view<double, cpu> sum) {
    *sum.data() = gram_error(ctx, gram, gram_scale, target, d_scale, d_gram);
}

/// Scratch that gram and gram_backward use for such a map.
[[nodiscard]] std::size_t gram_scratch_bytes(const context<cpu>& ctx, const shape& features);

// On a GPU: maps in nhwc, Gram matrices in float, by cuBLAS's products; those of 16-bit elements
// are exact, D is rounded to 16 bits, and sums are float. tf32: products of floats have ten bits of
// fraction, which is all that maps have where conv2d was planned with tf32.
void gram(context<cuda>& ctx, tensor_view<const float, cuda> features,
          tensor_view<float, cuda> gram, bool tf32 = false);
void gram_backward(context<cuda>& ctx, tensor_view<const float, cuda> features,
                   tensor_view<const float, cuda> d_gram, tensor_view<float, cuda> gradient,
                   bool tf32 = false);
void gram(context<cuda>& ctx, tensor_view<const half, cuda> features,
          tensor_view<float, cuda> gram);
void gram_backward(context<cuda>& ctx, tensor_view<const half, cuda> features,
                   tensor_view<const float, cuda> d_gram, tensor_view<half, cuda> gradient);
void gram(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
          tensor_view<float, cuda> gram);
void gram_backward(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
                   tensor_view<const float, cuda> d_gram, tensor_view<bfloat16, cuda> gradient);
void gram_error(context<cuda>& ctx, tensor_view<const float, cuda> gram, double gram_scale,
                tensor_view<const float, cuda> target, double d_scale,
                tensor_view<float, cuda> d_gram, tensor_view<double, cuda> sum);
[[nodiscard]] std::size_t gram_scratch_bytes(const context<cuda>& ctx, const shape& features);

}  // namespace impasto::ops
