#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/insight/co_occurrence.hpp>
#include <impasto/insight/top_patches.hpp>
#include <impasto/nn/receptive_field.hpp>
#include <impasto/nn/view.hpp>

namespace impasto::insight {

/// How the network looks at a picture; as the painter does unless said otherwise.
struct explain_options {
    std::string layer = "relu3_1";
    nn::view view{.border = ops::border::replicate};
};

/// Two channels of a layer; a < b.
struct channel_pair {
    std::int64_t a = 0, b = 0;

    friend constexpr bool operator==(const channel_pair&, const channel_pair&) = default;
};

/// A picture's style at one layer, taken apart: which channels go together, how much, and where.
struct explanation {
    std::string layer;
    tensor<float, cpu> map;          ///< [1,C,H,W], planar
    std::vector<float> gram;         ///< [C,C]: F·Fᵀ over the pixels of the map
    std::vector<float> correlation;  ///< [C,C], −1 to 1; 0 where a channel is the same everywhere
    std::vector<float> peak;         ///< the largest activation of each channel
    co_occurrence together;          ///< how often channels fire together

    [[nodiscard]] std::int64_t channels() const { return map.shape().c; }
};

/// `thresholds` say when a channel fires; those of another explanation make two comparable, none
/// are taken from the picture. pixels: [1,3,H,W]. On a GPU the map and its products are computed
/// there, what is made of them on the host. Throws option_error for a layer that the network lacks
/// and a precision that the device lacks, and shape_error for too small a picture.
template <class Device>
[[nodiscard]] explanation explain(context<Device>& ctx, const nn::network& network,
                                  image::picture_view pixels, const explain_options& options = {},
                                  std::vector<float> thresholds = {});

/// Channels in an order that puts those side by side which go together, so that a matrix shows them
/// as blocks: the leaves of average linkage over the correlations, each merge turned so that the
/// ends that meet are the most alike. Ties go to the lower channel.
/// Source: Sokal & Michener 1958; turning the merges: Gruvaeus & Wainer 1972.
[[nodiscard]] std::vector<std::int64_t> seriation(const std::vector<float>& correlation,
                                                  std::int64_t channels);

/// The pairs of different channels with the largest values in a symmetric matrix [C,C], the largest
/// first, at most `count` and none at or below zero. A channel comes in no more than two of them:
/// one that goes with everything would hide the others.
[[nodiscard]] std::vector<channel_pair> strongest_pairs(const std::vector<float>& matrix,
                                                        std::int64_t channels, std::int64_t count);

/// The pairs that a style loss still wants to change: by the size of the difference of the Gram
/// matrices, without that limit, for here each pair is part of one sum.
[[nodiscard]] std::vector<channel_pair> most_different_pairs(const explanation& style,
                                                             const explanation& picture,
                                                             std::int64_t count);

/// Small squares that show what excites a channel: at most nine for each, the strongest first. What
/// lies outside of the picture is hatched.
using channel_patches = std::vector<std::vector<image::picture>>;

/// From the explained picture itself; no two of a channel share more than half of their sides.
[[nodiscard]] channel_patches patches_within(const nn::network& network, const explanation& seen,
                                             image::picture_view pixels);

/// Those that a search found, of units that see `field`. `load` gives a picture by its number; each
/// is asked for once.
[[nodiscard]] channel_patches cut_patches(const top_patches& found,
                                          const nn::receptive_field& field,
                                          const std::function<image::picture(std::int64_t)>& load);

/// What the page says and shows of one picture.
struct explained_picture {
    std::string title;
    image::picture_view pixels;
    const explanation* seen = nullptr;
};

/// One page, a single file of HTML that loads nothing: the Gram matrix as a heat map whose cells
/// can be picked, and of each pair of channels its patches, its figures and the places where both
/// fire. With `picture`, a result of the same layer: what the style loss still wants of it.
[[nodiscard]] std::string explain_page(const explained_picture& style,
                                       const channel_patches& patches,
                                       const explained_picture& picture = {});

}  // namespace impasto::insight
