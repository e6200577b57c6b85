#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <impasto/core/error.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/nn/host_map.hpp>
#include <impasto/ops/transfer.hpp>
#include <impasto/weights/activations.hpp>

// For every device: instantiated for the CPU in activations.cpp, for a GPU in weights_cuda.cpp.
namespace impasto::weights {

namespace detail {

/// Sums over the positions of one layer's maps.
struct layer_sums {
    std::vector<double> sum;  ///< of each channel
    double squares = 0, largest = 0;
    std::int64_t positions = 0;

    /// map: planar.
    void add(const tensor<float, cpu>& map);
    [[nodiscard]] layer_activations result(std::string name) const;
};

}  // namespace detail

template <class Device>
std::vector<layer_activations> measure_activations(context<Device>& ctx, const nn::network& network,
                                                   std::span<const image::picture_view> pictures) {
    if (pictures.empty())
        throw option_error("measure_activations: there are no pictures; give at least one");
    std::vector<std::string> taps;
    for (const nn::layer& row : network.layers)
        if (!row.is_pool())
            taps.push_back(nn::tap_name_of(row));
    std::vector<detail::layer_sums> sums(taps.size());
    growing_tensor<float, Device> pixels;
    for (const image::picture_view picture : pictures) {
        nn::features<float, Device> features(ctx, network, picture.shape(),
                                             {.taps = taps, .backward = false});
        features.forward(ctx, ops::on_device(ctx, picture, pixels));
        for (std::size_t i = 0; i < taps.size(); ++i)
            sums[i].add(nn::host_map(ctx, features, i));
    }
    std::vector<layer_activations> layers;
    for (std::size_t i = 0; i < taps.size(); ++i)
        layers.push_back(sums[i].result(taps[i]));
    return layers;
}

}  // namespace impasto::weights
