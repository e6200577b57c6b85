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

/// Activations of a network on pictures, layer by layer: they show whether a weight file was read
/// correctly, and filters are normalised by them.
namespace impasto::weights {

/// One convolution's output after its ReLU; `deviation` is the standard deviation.
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

/// Divides each channel's filter by its given mean activation, which so becomes 1, and multiplies
/// the next layer's weights by it; dead channels stay as they are. The network's output changes by
/// these factors alone, since ReLU and pooling commute with a positive factor.
/// Source: Gatys, Ecker, Bethge 2016, section 2.
void divide_by_means(nn::network& network, std::span<const layer_activations> layers);

/// What gets a mean activation of 1: each channel by itself, or each layer as a whole, so that its
/// channels keep their proportions.
enum class normalized_unit { channel, layer };

/// As divide_by_means, with the means over these pictures.
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

/// A picture of waves, edges and noise, the same on every machine: [1,3,96,112].
[[nodiscard]] image::picture test_picture();

/// Discs, bars and stripes of many sizes and colors, the same on every machine: [1,3,192,224]. They
/// activate most channels of an undamaged VGG-19's relu5_4, whose receptive field is 252×252
/// pixels; test_picture leaves two thirds of them at zero.
[[nodiscard]] image::picture verification_picture();

/// The first 16 hexadecimal digits of a SHA-256 of layers, filters and preprocessing.
[[nodiscard]] std::string fingerprint(const nn::network& network);

/// The result of running a network on verification_picture.
struct verification {
    std::string fingerprint;
    std::string known_as;  ///< the network with this fingerprint; empty where it is unknown
    std::vector<layer_activations> layers;
    /// One line for each sign of damage: activations that differ from the known ones or are not
    /// finite, layers with more than half of their channels dead, means a million times apart.
    std::vector<std::string> faults;
};
/// `layers` are the network's activations on verification_picture.
[[nodiscard]] verification judge(const nn::network& network, std::vector<layer_activations> layers);

template <class Device>
[[nodiscard]] verification verify(context<Device>& ctx, const nn::network& network) {
    const auto picture = verification_picture();
    const image::picture_view pictures[] = {picture.view()};
    return judge(network, measure_activations<Device>(ctx, network, pictures));
}

}  // namespace impasto::weights
