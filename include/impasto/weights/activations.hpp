#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/image/picture.hpp>
#include <impasto/nn/network.hpp>

/// What a network makes of pictures, layer by layer: to see that a file was understood, and to
/// bring its filters to a common scale.
namespace impasto::weights {

/// One convolution's output behind its ReLU.
struct layer_activations {
    std::string name;  ///< "relu1_1"
    double mean = 0, deviation = 0, largest = 0;
    std::int64_t channels = 0;
    std::int64_t dead = 0;  ///< channels that are zero everywhere
    std::vector<double> channel_means;
};

/// Over all positions of all pictures [1,3,H,W], with max pooling and zero padding. Throws
/// option_error without pictures, and shape_error for one that is too small.
template <class Device>
[[nodiscard]] std::vector<layer_activations> measure_activations(
    context<Device>& ctx, const nn::network& network,
    std::span<const image::picture_view> pictures);

/// Rescales the filters so that the mean activation of each channel becomes 1 where it was what is
/// given; one that is dead stays. What the network computes changes by these factors alone: ReLU
/// and pools let a positive factor through, and the next filters take it back.
/// Source: Gatys, Ecker, Bethge 2016, section 2.
void divide_by_means(nn::network& network, std::span<const layer_activations> layers);

/// What is brought to a mean activation of 1: each channel by itself, or each layer as a whole,
/// whose channels then keep their proportions.
enum class normalized_unit { channel, layer };

/// The same by the means over these pictures.
template <class Device>
void normalize_activations(context<Device>& ctx, nn::network& network,
                           std::span<const image::picture_view> pictures,
                           normalized_unit unit = normalized_unit::channel) {
    auto layers = measure_activations(ctx, network, pictures);
    if (unit == normalized_unit::layer)
        for (auto& layer : layers)
            std::ranges::fill(layer.channel_means, layer.mean);
    divide_by_means(network, layers);
}

/// A picture of waves, edges and noise, the same everywhere and always: [1,3,96,112].
[[nodiscard]] image::picture test_picture();

/// Discs, bars and stripes of many sizes and colors, the same everywhere and always: [1,3,192,224].
/// So many edges that a sound VGG-19 has most channels of relu5_4 alive, which see 252 pixels each
/// way; of test_picture two thirds of them see nothing.
[[nodiscard]] image::picture verification_picture();

/// 16 hexadecimal digits that stand for the layers, the filters and the preprocessing.
[[nodiscard]] std::string fingerprint(const nn::network& network);

/// How a network does on verification_picture.
struct verification {
    std::string fingerprint;
    std::string known_as;  ///< of a known fingerprint; empty for others
    std::vector<layer_activations> layers;
    /// What is wrong with it, each a line: activations that are not those known, or not finite, and
    /// layers in which most channels are dead or whose magnitude is out of all proportion.
    std::vector<std::string> faults;
};
/// From what it made of verification_picture.
[[nodiscard]] verification judge(const nn::network& network, std::vector<layer_activations> layers);

template <class Device>
[[nodiscard]] verification verify(context<Device>& ctx, const nn::network& network) {
    const auto picture = verification_picture();
    const image::picture_view pictures[] = {picture.view()};
    return judge(network, measure_activations<Device>(ctx, network, pictures));
}

}  // namespace impasto::weights
