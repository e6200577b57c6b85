#pragma once

#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/image/picture.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/ops/conv2d.hpp>
#include <impasto/style/convention.hpp>

namespace impasto::insight {

/// Relative distances: 0 for the same style or content, without units, lower is better.
struct judgement {
    std::vector<style::layer_term> style;  ///< Σ(G−A)²/ΣA², relu1_1 … relu5_1
    double style_mean = 0;                 ///< over those layers
    style::layer_term content;             ///< Σ(F−P)²/ΣP² at relu4_2
};

/// How far a picture is from a painting's style and from a photo's content, as `network` sees them.
/// To compare methods, choose a network that none of them optimised the picture on. F and P are
/// maps of picture and photo, G and A Gram matrices of picture and painting over their numbers of
/// pixels; maximum pooling and zero border, as VGG networks were trained. Layers of relu1_1 …
/// relu5_1 that the network lacks are left out.
///
/// All pictures are [1,3,H,W], of any size: the photo is brought to the picture's size, the
/// painting to the picture's longest side. Throws shape_error for too small a picture or painting
/// and option_error for a network without relu4_2.
/// Source: Gatys et al. 2016, eqs. 1 and 4, each over what it is for an empty picture.
template <class Device>
[[nodiscard]] judgement judge(context<Device>& ctx, const nn::network& network,
                              image::picture_view picture, image::picture_view photo,
                              image::picture_view painting, const ops::conv_method& how = {});

}  // namespace impasto::insight
