#pragma once

// A whole network by the reference's plain loops, in double: what engines are held against.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/nn/features.hpp>

#include "support/reference.hpp"

namespace support {

using reference::map;

/// Features behind every ReLU of a network and the gradient of a function of them.
class network_in_double {
public:
    network_in_double(const impasto::nn::network& net, std::size_t last_layer,
                      impasto::ops::pool_options pooling, impasto::ops::border border)
        : net_(&net), last_(last_layer), pooling_(pooling), border_(border) {}

    /// The sums of every convolution, in order: before the ReLU.
    [[nodiscard]] std::vector<map<double>> sums(const map<double>& pixels) const {
        std::vector<map<double>> result;
        auto here = reference::normalize_pixels(pixels, transform(), border_, margin());
        for (std::size_t i = 0; i <= last_; ++i)
            if (net_->layers[i].is_pool()) {
                here = reference::pool2d(here, pooling_);
            } else {
                const auto& f = net_->filters[result.size()];
                result.push_back(reference::conv2d(here, doubles(f.weights), doubles(f.bias), 3,
                                                   padding(result.size())));
                here = reference::relu(result.back());
            }
        return result;
    }

    /// dJ/dpixels. maps: behind every ReLU; they say where ReLUs and maxima let the gradient pass.
    /// d_maps: what each of them has to do with J directly.
    [[nodiscard]] map<double> gradient(const std::vector<map<double>>& maps,
                                       const std::vector<map<double>>& d_maps,
                                       const impasto::shape& pixels) const {
        auto next = maps.size();  // the convolution whose output is gone back through next, plus 1
        map<double> d;
        for (std::size_t i = last_ + 1; i-- > 0;) {
            if (net_->layers[i].is_pool()) {
                d = reference::pool2d_backward(maps[next - 1], d, pooling_);
                continue;
            }
            --next;
            if (d.values.empty())
                d = map<double>(maps[next].c, maps[next].h, maps[next].w);
            for (std::size_t k = 0; k < d.values.size(); ++k)
                d.values[k] += d_maps[next].values[k];
            d = reference::relu_backward(maps[next], d);
            const auto& weights = net_->filters[next].weights;
            const auto shrinks = 2 - 2 * padding(next);
            d = reference::conv2d_backward_data(
                d, doubles(weights), {1, weights.shape().c, d.h + shrinks, d.w + shrinks}, 3,
                padding(next));
        }
        return reference::normalize_pixels_backward(d, pixels, transform(), border_);
    }

private:
    static std::vector<double> doubles(const impasto::tensor<float, impasto::cpu>& t) {
        return {t.begin(), t.end()};
    }
    [[nodiscard]] impasto::ops::pixel_transform transform() const {
        return impasto::nn::transform_of(net_->input);
    }
    // The picture's own border stands in for the first layer's zeros.
    [[nodiscard]] std::int64_t margin() const {
        return border_ == impasto::ops::border::replicate ? 1 : 0;
    }
    [[nodiscard]] std::int64_t padding(std::size_t convolution) const {
        return convolution == 0 ? 1 - margin() : 1;
    }

    const impasto::nn::network* net_;
    std::size_t last_;
    impasto::ops::pool_options pooling_;
    impasto::ops::border border_;
};

}  // namespace support
