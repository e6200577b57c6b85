#include <impasto/weights/activations.hpp>

#include <algorithm>
#include <cmath>

#include <impasto/core/error.hpp>
#include <impasto/nn/features.hpp>

namespace impasto::weights {

namespace {

/// Sums over the positions of one layer's maps.
struct layer_sums {
    std::vector<double> sum;  ///< of each channel
    double squares = 0, largest = 0;
    std::int64_t positions = 0;

    void add(tensor_view<const float, cpu> map) {
        const shape s = map.shape();
        sum.resize(static_cast<std::size_t>(s.c));
        positions += s.pixels();
        const float* at = map.data();
        for (double& channel : sum)
            for (const float* end = at + s.pixels(); at != end; ++at) {
                channel += *at;
                squares += double{*at} * *at;
                largest = std::max(largest, double{*at});
            }
    }

    [[nodiscard]] layer_activations result(std::string name) const {
        layer_activations r{.name = std::move(name), .channel_means = {}};
        r.channels = static_cast<std::int64_t>(sum.size());
        r.largest = largest;
        for (const double channel : sum) {
            r.channel_means.push_back(channel / static_cast<double>(positions));
            r.mean += r.channel_means.back() / static_cast<double>(r.channels);
            r.dead += channel == 0;
        }
        const auto elements = static_cast<double>(positions * r.channels);
        r.deviation = std::sqrt(std::max(0.0, squares / elements - r.mean * r.mean));
        return r;
    }
};

void scale(nn::filter& filter, const std::vector<double>& in, const std::vector<double>& out) {
    const shape s = filter.weights.shape();
    float* weight = filter.weights.data();
    for (std::size_t o = 0; o < out.size(); ++o) {
        filter.bias.data()[o] = static_cast<float>(filter.bias.data()[o] / out[o]);
        for (std::size_t i = 0; i < static_cast<std::size_t>(s.c); ++i)
            for (const float* end = weight + s.pixels(); weight != end; ++weight)
                *weight = static_cast<float>(*weight * in[i] / out[o]);
    }
}

}  // namespace

std::vector<layer_activations> measure_activations(context<cpu>& ctx, const nn::network& network,
                                                   std::span<const image::picture_view> pictures) {
    if (pictures.empty())
        throw option_error("measure_activations: there are no pictures; give at least one");
    std::vector<std::string> taps;
    for (const nn::layer& row : network.layers)
        if (!row.is_pool())
            taps.push_back(nn::tap_name_of(row));
    std::vector<layer_sums> sums(taps.size());
    for (const image::picture_view picture : pictures) {
        nn::features<float, cpu> features(ctx, network, picture.shape(),
                                          {.taps = taps, .backward = false});
        features.forward(ctx, picture);
        for (std::size_t i = 0; i < taps.size(); ++i) {
            tensor<float, cpu> map(features.tap_shape(i));
            ops::reorder(ctx, features.tap(i), map);
            sums[i].add(map);
        }
    }
    std::vector<layer_activations> layers;
    for (std::size_t i = 0; i < taps.size(); ++i)
        layers.push_back(sums[i].result(taps[i]));
    return layers;
}

void normalize_activations(context<cpu>& ctx, nn::network& network,
                           std::span<const image::picture_view> pictures) {
    const auto layers = measure_activations(ctx, network, pictures);
    std::vector<double> in(3, 1.0);  // pixels stay as they are
    for (std::size_t i = 0; i < layers.size(); ++i) {
        std::vector<double> out = layers[i].channel_means;
        std::ranges::replace(out, 0.0, 1.0);
        scale(network.filters[i], in, out);
        in = std::move(out);
    }
}

}  // namespace impasto::weights
