#include <impasto/nn/rescale.hpp>

namespace impasto::nn {

namespace {

tensor<float, cpu> times_power_of_two(const tensor<float, cpu>& from, int exponent) {
    tensor<float, cpu> result(from.shape(), from.layout());
    std::transform(from.begin(), from.end(), result.begin(),
                   [=](float value) { return std::ldexp(value, exponent); });
    return result;
}

}  // namespace

network rescaled(const network& net, std::span<const int> exponents) {
    if (!net.graph.nodes.empty())
        throw option_error(
            "precision: float16 is for VGG networks, whose layers let a factor pass; "
            "choose another precision for this graph");
    network result{.name = net.name,
                   .layers = {},
                   .filters = {},
                   .input = net.input,
                   .origin = net.origin,
                   .exponents = {exponents.begin(), exponents.end()}};
    int before = 0;  // of what the convolution reads
    for (const auto& layer : net.layers) {
        const std::size_t i = result.filters.size();
        if (!layer.is_pool()) {
            if (i == exponents.size())
                break;
            result.filters.push_back(
                {times_power_of_two(net.filters[i].weights, before - exponents[i]),
                 times_power_of_two(net.filters[i].bias, -exponents[i])});
            before = exponents[i];
        }
        result.layers.push_back(layer);
    }
    return result;
}

}  // namespace impasto::nn
