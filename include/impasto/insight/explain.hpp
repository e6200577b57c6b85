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

/// The layer to explain, and how the network is evaluated; the defaults are those of the painter.
struct explain_options {
    std::string layer = "relu3_1";
    nn::view view{.border = ops::border::replicate};
};

/// Two channels of a layer; a < b.
struct channel_pair {
    std::int64_t a = 0, b = 0;

    friend constexpr bool operator==(const channel_pair&, const channel_pair&) = default;
};

/// The style of a picture at one layer: which channels are active together, where, how strongly.
struct explanation {
    std::string layer;
    tensor<float, cpu> map;          ///< [1,C,H,W], planar
    std::vector<float> gram;         ///< [C,C]: F·Fᵀ / number of positions
    std::vector<float> correlation;  ///< [C,C], −1 to 1; 0 for channels that are constant
    std::vector<float> peak;         ///< the largest activation of each channel
    co_occurrence together;          ///< how often channels are active together

    [[nodiscard]] std::int64_t channels() const { return map.shape().c; }
};

/// thresholds: above which channels are active; empty: computed from the picture. To compare two
/// explanations, use the thresholds of one for both. pixels: [1,3,H,W]. On a GPU the feature map
/// and its products are computed on the device, the rest on the host. Throws option_error for an
/// unknown layer or a precision that the device lacks, and shape_error for too small a picture.
template <class Device>
[[nodiscard]] explanation explain(context<Device>& ctx, const nn::network& network,
                                  image::picture_view pixels, const explain_options& options = {},
                                  std::vector<float> thresholds = {});

/// An order of the channels in which correlated channels are neighbours, so that a matrix shows
/// blocks: the leaves of average linkage over the correlations, where each merge is oriented so
/// that the most similar ends meet. Of equals the lower channel comes first. Source: Sokal &
/// Michener 1958; orientation of the merges: Gruvaeus & Wainer 1972.
[[nodiscard]] std::vector<std::int64_t> seriation(const std::vector<float>& correlation,
                                                  std::int64_t channels);

/// The pairs of different channels with the largest values above zero in a symmetric matrix [C,C],
/// the largest first, at most `count`. Each channel is in at most two of them, so that a channel
/// that is correlated with all others does not hide them.
[[nodiscard]] std::vector<channel_pair> strongest_pairs(const std::vector<float>& matrix,
                                                        std::int64_t channels, std::int64_t count);

/// The pairs with the largest contributions to the style loss: the largest differences between the
/// Gram matrices, without a limit for each channel.
[[nodiscard]] std::vector<channel_pair> most_different_pairs(const explanation& style,
                                                             const explanation& picture,
                                                             std::int64_t count);

/// For each channel, at most nine square patches that activate it most, the strongest first. Parts
/// outside of the picture are hatched.
using channel_patches = std::vector<std::vector<image::picture>>;

/// Patches of the explained picture; two of a channel overlap by at most half of their sides.
[[nodiscard]] channel_patches patches_within(const nn::network& network, const explanation& seen,
                                             image::picture_view pixels);

/// Patches found by a search. field: the receptive field of the layer. load(number) returns a
/// picture; it is called once for each.
[[nodiscard]] channel_patches cut_patches(const top_patches& found,
                                          const nn::receptive_field& field,
                                          const std::function<image::picture(std::int64_t)>& load);

/// A picture on the page, with its title.
struct explained_picture {
    std::string title;
    image::picture_view pixels;
    const explanation* seen = nullptr;
};

/// A self-contained HTML page: the Gram matrix as a heat map with selectable cells and, for each
/// pair of channels, its patches, its frequencies and the positions where both are active. With
/// `picture`, a result explained at the same layer, it shows the remaining differences too.
[[nodiscard]] std::string explain_page(const explained_picture& style,
                                       const channel_patches& patches,
                                       const explained_picture& picture = {});

}  // namespace impasto::insight
