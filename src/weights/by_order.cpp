#include "weights/by_order.hpp"

#include <algorithm>

namespace impasto::weights {

namespace {

std::vector<std::size_t> convolutions(const nn::topology& known) {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < known.layers.size(); ++i)
        if (!known.layers[i].is_pool())
            positions.push_back(i);
    return positions;
}

bool fits(const nn::topology& known, std::span<const entry> filters) {
    const auto positions = convolutions(known);
    return filters.size() <= positions.size() &&
           std::ranges::equal(
               filters, std::span(positions).first(filters.size()), {}, &entry::extents,
               [&](std::size_t i) {
                   const nn::layer& row = known.layers[i];
                   return std::vector<std::int64_t>{row.out_channels, row.in_channels, 3, 3};
               });
}

}  // namespace

std::optional<nn::topology> topology_of(std::span<const entry> filters) {
    const auto found = std::ranges::find_if(
        nn::topologies, [&](const nn::topology& known) { return fits(known, filters); });
    return found == nn::topologies.end() ? std::nullopt : std::optional(*found);
}

std::string layer_name(const nn::topology& known, std::size_t index) {
    return nn::name_of(known.layers[convolutions(known).at(index)]);
}

std::size_t sequential_position(const nn::topology& known, std::size_t index, bool batch_norm) {
    const std::size_t position = convolutions(known).at(index), pools = position - index;
    return (batch_norm ? 3 : 2) * index + pools;
}

void turn_to_out_in(entry& tensor, bool first_is_fastest) {
    constexpr std::int64_t largest = 1 << 15;  // of any filter: no product of three overflows
    if (tensor.extents.size() != 4 || std::ranges::max(tensor.extents) > largest ||
        std::ranges::min(tensor.extents) < 0)
        return;
    const std::int64_t h = tensor.extents[0], w = tensor.extents[1], in = tensor.extents[2],
                       out = tensor.extents[3];
    tensor.extents = {out, in, h, w};
    if (first_is_fastest)
        tensor.strides = {h * w * in, h * w, 1, h};
    else
        tensor.strides = {1, out, w * in * out, in * out};
}

}  // namespace impasto::weights
