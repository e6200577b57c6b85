#include <impasto/weights/save.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <deque>
#include <span>
#include <string>

#include <impasto/core/error.hpp>
#include <impasto/core/file.hpp>

#include "weights/kmeans.hpp"
#include "weights/palettes.hpp"

namespace impasto::weights {

namespace {

/// Three numbers, with all the digits that a float has.
std::string to_text(const std::array<float, 3>& values, float divisor) {
    std::string text;
    for (const float value : values) {
        std::array<char, 32> digits{};
        std::snprintf(digits.data(), digits.size(), "%.9g", static_cast<double>(value / divisor));
        text += (text.empty() ? "" : " ") + std::string(digits.data());
    }
    return text;
}

std::map<std::string, std::string> metadata_of(const nn::network& network) {
    std::string layers;
    for (const nn::layer& row : network.layers)
        layers += (layers.empty() ? "" : " ") + nn::name_of(row);
    const nn::preprocessing& input = network.input;
    const bool bytes = input.scale == 255;
    // (pixel · scale − mean) / deviation is the same with all three divided by the scale.
    const float divisor = bytes ? 1 : input.scale;
    return {{"format", "impasto-network"},
            {"version", "1"},
            {"layers", layers},
            {"pixels", std::string(input.order == nn::channel_order::rgb ? "rgb" : "bgr") +
                           (bytes ? " 0..255" : " 0..1")},
            {"mean", to_text(input.mean, divisor)},
            {"std", to_text(input.deviation, divisor)},
            {"made of", network.name + ", " + network.origin}};
}

void expect_half(const std::string& name, std::span<const float> values) {
    constexpr float largest = 65504;
    const auto bad = std::ranges::find_if(values, [](float v) { return std::abs(v) > largest; });
    if (bad != values.end())
        throw option_error(name + ": " + std::to_string(*bad) +
                           " does not fit float16, whose largest number is 65504; use float32");
}

/// Calls f(name, filter) for each convolution: "conv1_1".
template <class F>
void for_each_filter(const nn::network& network, const F& f) {
    auto filter = network.filters.begin();
    for (const nn::layer& row : network.layers)
        if (!row.is_pool())
            f(nn::name_of(row), *filter++);
}

}  // namespace

void save(const std::filesystem::path& file, const nn::network& network,
          safetensors::precision stored_as) {
    std::vector<safetensors::named_values> tensors;
    const auto add = [&](const std::string& name, std::vector<std::int64_t> extents,
                         const tensor<float, cpu>& values) {
        tensors.push_back({name, std::move(extents), {values.begin(), values.end()}});
        if (stored_as == safetensors::precision::float16)
            expect_half(name, tensors.back().values);
    };
    for_each_filter(network, [&](const std::string& layer, const nn::filter& filter) {
        const shape s = filter.weights.shape();
        add(layer + ".weight", {s.n, s.c, s.h, s.w}, filter.weights);
        add(layer + ".bias", {s.n}, filter.bias);
    });
    safetensors::write(file, tensors, metadata_of(network), stored_as);
}

std::vector<palette_loss> save_palettes(const std::filesystem::path& file,
                                        const nn::network& network) {
    std::vector<palette_loss> losses;
    std::deque<palette_of_values> made;  // holds what the tensors look into
    std::vector<safetensors::named_bytes> tensors;
    for_each_filter(network, [&](const std::string& layer, const nn::filter& filter) {
        const std::span weights(filter.weights.begin(), filter.weights.end());
        const auto& [palette, indices, error] = made.emplace_back(make_palette(weights));
        const shape s = filter.weights.shape();
        const auto values = static_cast<std::int64_t>(palette.size());
        const std::string weight = layer + ".weight";
        tensors.push_back({weight + std::string(own_palettes.index),
                           "U8",
                           {s.n, s.c, s.h, s.w},
                           std::as_bytes(std::span(indices))});
        tensors.push_back({weight + std::string(own_palettes.palette),
                           "F32",
                           {values},
                           std::as_bytes(std::span(palette))});
        tensors.push_back({layer + ".bias",
                           "F32",
                           {s.n},
                           std::as_bytes(std::span(filter.bias.begin(), filter.bias.end()))});
        losses.push_back({layer, palette.size(), error});
    });
    write_atomically(file, safetensors::serialize(tensors, metadata_of(network)));
    return losses;
}

}  // namespace impasto::weights
