#pragma once

#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/image/picture.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/style/convention.hpp>

namespace impasto::insight {

/// Relative distances without units: 0 for the same style or content; lower is better.
struct judgement {
    std::vector<style::layer_term> style;  ///< Σ(G−A)²/ΣA², relu1_1 … relu5_1
    double style_mean = 0;                 ///< mean over those layers
    style::layer_term content;             ///< Σ(F−P)²/ΣP² at relu4_2
};

/// The distances of a picture from the style of a painting and the content of a photo, measured
/// with `network`. To compare methods, use a network that none of them optimised with. F and P are
/// the feature maps of picture and photo, G and A the Gram matrices of picture and painting,
/// divided by their numbers of positions. Pooling is maximum pooling and the border zero, as VGG
/// networks were trained. Layers of relu1_1 … relu5_1 that the network does not have are left out.
///
/// All pictures are [1,3,H,W], of any size: the photo is resized to the size of the picture, the
/// painting to its longest side. Throws shape_error for too small a picture or painting, and
/// option_error for a network without relu4_2.
/// Source: Gatys et al. 2016, eqs. 1 and 4, each divided by the squared norm of its target.
template <class Device>
[[nodiscard]] judgement judge(context<Device>& ctx, const nn::network& network,
                              image::picture_view picture, image::picture_view photo,
                              image::picture_view painting, const ops::conv_method& how = {});

}  // namespace impasto::insight
