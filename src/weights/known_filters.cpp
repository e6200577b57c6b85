#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "weights/origin.hpp"

namespace impasto::weights {

namespace {

/// Of filter 0: the first row of its first channel, then the first value of the second channel and
/// of the third. Enough to tell the networks apart and to see in which order the channels are.
using trace = std::array<float, 5>;

struct known_filter {
    const char* origin;
    trace values;
    nn::preprocessing input;
};

constexpr known_filter known_filters[] = {
    {"Caffe",  // VGG_ILSVRC_19_layers
     {0.34119523f, 0.33999205f, -0.04484424f, 0.46418372f, 0.39416704f},
     nn::caffe_preprocessing},
    {"Caffe",  // VGG_ILSVRC_16_layers
     {0.42947057f, 0.373467f, -0.061360113f, 0.55037946f, 0.4800154f},
     nn::caffe_preprocessing},
    {"torchvision",  // vgg19-dcbb9e9d
     {-0.053474f, -0.049257f, -0.067942f, 0.017015f, -0.044885f},
     nn::torchvision_preprocessing},
    {"torchvision",  // vgg16-397923af
     {-0.5537f, 0.1427f, 0.5290f, 0.1755f, 0.3130f},
     nn::torchvision_preprocessing},
};

trace trace_of(const first_filter& filter, bool reversed) {
    constexpr std::size_t channel = 9;
    const std::size_t first = reversed ? 2 * channel : 0, last = 2 * channel - first;
    return {filter[first], filter[first + 1], filter[first + 2], filter[channel], filter[last]};
}

/// Whether one is the other times a positive number, but for the rounding of 16-bit formats.
bool is_multiple(const trace& found, const trace& known) {
    constexpr double tolerance = 0.01;
    const auto dot = [](const trace& a, const trace& b) {
        return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    };
    const double cosine = dot(found, known) / std::sqrt(dot(found, found) * dot(known, known));
    return cosine > 1 - tolerance * tolerance / 2;
}

nn::preprocessing with_channels_reversed(nn::preprocessing input) {
    std::ranges::reverse(input.mean);
    std::ranges::reverse(input.deviation);
    input.order =
        input.order == nn::channel_order::rgb ? nn::channel_order::bgr : nn::channel_order::rgb;
    return input;
}

}  // namespace

std::optional<origin> find_known_filter(const first_filter& filter) {
    for (const known_filter& known : known_filters) {
        if (is_multiple(trace_of(filter, false), known.values))
            return origin{known.origin, known.input};
        if (is_multiple(trace_of(filter, true), known.values))
            return origin{known.origin, with_channels_reversed(known.input)};
    }
    return std::nullopt;
}

}  // namespace impasto::weights
