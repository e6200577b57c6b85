#include <impasto/weights/save.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>

#include <impasto/core/error.hpp>

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
    auto filter = network.filters.begin();
    for (const nn::layer& row : network.layers) {
        if (row.is_pool())
            continue;
        const shape s = filter->weights.shape();
        add(nn::name_of(row) + ".weight", {s.n, s.c, s.h, s.w}, filter->weights);
        add(nn::name_of(row) + ".bias", {s.n}, filter->bias);
        ++filter;
    }
    safetensors::write(file, tensors, metadata_of(network), stored_as);
}

}  // namespace impasto::weights
