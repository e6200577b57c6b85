#include "weights/fold.hpp"

#include <algorithm>
#include <cmath>

namespace impasto::weights {

namespace {

constexpr std::int64_t kernel = 9;

}  // namespace

void fold(const batch_norm& norm, nn::filter& into) {
    const shape extents = into.weights.shape();
    const std::int64_t fan_in = extents.c * kernel;
    for (std::int64_t out = 0; out < extents.n; ++out) {
        const auto c = static_cast<std::size_t>(out);
        const double factor = norm.scale[c] / std::sqrt(norm.variance[c] + norm.epsilon);
        float* weights = into.weights.data() + out * fan_in;
        for (std::int64_t i = 0; i < fan_in; ++i)
            weights[i] = static_cast<float>(weights[i] * factor);
        float& bias = into.bias.data()[out];
        bias =
            static_cast<float>((static_cast<double>(bias) - norm.mean[c]) * factor + norm.shift[c]);
    }
}

std::optional<nn::preprocessing> as_preprocessing(const colour_layer& layer) {
    for (const auto order : {nn::channel_order::rgb, nn::channel_order::bgr}) {
        std::array<float, 3> gains{};
        bool mixes = false;
        for (std::size_t to = 0; to < 3; ++to)
            for (std::size_t from = 0; from < 3; ++from)
                if (from == (order == nn::channel_order::rgb ? to : 2 - to))
                    gains[to] = layer.matrix[to][from];
                else
                    mixes = mixes || layer.matrix[to][from] != 0;
        if (mixes || std::ranges::min(gains) <= 0)
            continue;
        nn::preprocessing input{.scale = std::ranges::max(gains), .order = order};
        for (std::size_t c = 0; c < 3; ++c) {
            input.deviation[c] = input.scale / gains[c];
            input.mean[c] = -layer.bias[c] * input.deviation[c];
        }
        return input;
    }
    return std::nullopt;
}

void fold(const colour_layer& layer, nn::filter& into) {
    for (std::int64_t out = 0; out < into.weights.shape().n; ++out) {
        float* weights = into.weights.data() + out * 3 * kernel;
        double bias = into.bias.data()[out];
        for (std::int64_t k = 0; k < kernel; ++k) {
            std::array<double, 3> mixed{};
            for (std::size_t y = 0; y < 3; ++y) {
                const double w = weights[static_cast<std::int64_t>(y) * kernel + k];
                bias += w * layer.bias[y];
                for (std::size_t x = 0; x < 3; ++x)
                    mixed[x] += w * layer.matrix[y][x];
            }
            for (std::size_t x = 0; x < 3; ++x)
                weights[static_cast<std::int64_t>(x) * kernel + k] = static_cast<float>(mixed[x]);
        }
        into.bias.data()[out] = static_cast<float>(bias);
    }
}

}  // namespace impasto::weights
