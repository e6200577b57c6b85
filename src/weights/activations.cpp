#include "weights/activations_impl.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace impasto::weights {

namespace {

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

void detail::layer_sums::add(const tensor<float, cpu>& map) {
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

layer_activations detail::layer_sums::result(std::string name) const {
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

void divide_by_means(nn::network& network, std::span<const layer_activations> layers) {
    std::vector<double> in(3, 1.0);  // pixels stay as they are
    for (std::size_t i = 0; i < layers.size(); ++i) {
        std::vector<double> out = layers[i].channel_means;
        std::ranges::replace(out, 0.0, 1.0);
        scale(network.filters[i], in, out);
        in = std::move(out);
    }
}

template std::vector<layer_activations> measure_activations(context<cpu>&, const nn::network&,
                                                            std::span<const image::picture_view>);

}  // namespace impasto::weights
