#include "nn/stage_builder.hpp"

#include <algorithm>
#include <string>

#include <impasto/core/error.hpp>

namespace impasto::nn {

namespace {

std::vector<bool> needed_nodes(const graph& g, std::span<const std::size_t> tap_of_node) {
    std::vector<bool> result(tap_of_node.size());
    for (std::size_t i = 0; i < tap_of_node.size(); ++i)
        if (tap_of_node[i] != features_plan::none) {
            const auto before = ancestors(g, i);
            for (std::size_t j = 0; j < before.size(); ++j)
                result[j] = result[j] || before[j];
        }
    return result;
}

template <class Operation>
std::size_t count_before(const graph& g, std::size_t node) {
    return static_cast<std::size_t>(std::count_if(
        g.nodes.begin(), g.nodes.begin() + static_cast<std::ptrdiff_t>(node),
        [](const auto& n) { return std::holds_alternative<Operation>(n.operation); }));
}

void expect_filter(const node& n, const network& net, std::size_t index) {
    const auto& c = std::get<op::convolution>(n.operation);
    if (index >= net.filters.size())
        throw option_error("features: the network has no filters for " + n.name);
    const auto& f = net.filters[index];
    const auto k = c.geometry.kernel;
    expect_shape(n.name.c_str(), "filters", {c.out_channels, c.in_channels, k, k},
                 f.weights.shape());
    if (!f.bias.empty())
        expect_shape(n.name.c_str(), "bias", {1, c.out_channels, 1, 1}, f.bias.shape());
}

void expect_norm(const node& n, const network& net, std::size_t index) {
    const shape wanted{1, std::get<op::instance_norm>(n.operation).channels, 1, 1};
    if (index >= net.norms.size())
        throw option_error("features: the network has no scale and shift for " + n.name);
    expect_shape(n.name.c_str(), "scale", wanted, net.norms[index].scale.shape());
    expect_shape(n.name.c_str(), "shift", wanted, net.norms[index].shift.shape());
}

}  // namespace

stage_builder::stage_builder(const graph& g, const features_options& options, const network& net,
                             std::span<const std::size_t> tap_of_node,
                             const features_plan::fuses_pooling& fuses)
    : graph_(g),
      options_(options),
      net_(net),
      taps_(tap_of_node),
      fuses_(fuses),
      runs_(needed_nodes(g, tap_of_node)),
      stage_of_node_(runs_.size(), none) {}

std::vector<features_plan::stage> stage_builder::stages(const shape& padded) {
    std::vector<stage> result;
    result.reserve(runs_.size());
    for (std::size_t i = 0; i < runs_.size(); ++i)
        if (runs_[i] && stage_of_node_[i] == none)
            result.push_back(stage_of(i, padded, result));
    return result;
}

// Where pixels stand around the picture they take the place of the zeros that convolutions pad
// with.
shape stage_builder::padded(const shape& pixels) const {
    const auto border = options_.view.border;
    if (border == ops::border::zero)
        return pixels;
    const node* first = nullptr;
    const auto padding_of = [](const node& n) {
        return std::get<op::convolution>(n.operation).geometry.padding;
    };
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        const auto& n = graph_.nodes[i];
        if (!runs_[i] || n.inputs.front() != graph::picture)
            continue;
        if (first != nullptr && padding_of(n) != padding_of(*first))
            throw option_error("features: " + first->name + " and " + n.name +
                               " pad the picture by " + std::to_string(padding_of(*first)) +
                               " and " + std::to_string(padding_of(n)) +
                               " zeros; a border of pixels needs one number");
        first = &n;
    }
    const auto margin = border == ops::border::wrap
                            ? std::max(padding_of(*first), options_.view.wrap_margin)
                            : padding_of(*first);
    return {1, 3, pixels.h + 2 * margin, pixels.w + 2 * margin};
}

ops::conv_options stage_builder::options_of(const node& n) const {
    const auto& c = std::get<op::convolution>(n.operation);
    const auto& view = options_.view;
    ops::conv_options result{.geometry = c.geometry,
                             .activation = c.activation,
                             .pooling = view.pooling,
                             .method = view.convolution,
                             .backward = options_.backward};
    if (n.inputs.front() == graph::picture && view.border != ops::border::zero)
        result.geometry.padding = 0;
    return result;
}

// The pool that alone reads a convolution at which nothing else looks.
std::size_t stage_builder::pool_behind(std::size_t node) const {
    if (taps_[node] != none || options_.parameters)
        return none;
    std::size_t found = none;
    for (std::size_t i = node + 1; i < runs_.size(); ++i)
        for (const auto input : graph_.nodes[i].inputs)
            if (runs_[i] && input == node) {
                if (found != none || !std::holds_alternative<op::pool>(graph_.nodes[i].operation))
                    return none;
                found = i;
            }
    return found;
}

// Returns the last node of the stage: a pool where it is fused.
std::size_t stage_builder::take_convolution(stage& s, node& n) {
    s.parameters = count_before<op::convolution>(graph_, s.node);
    s.local = convolutions_++;
    expect_filter(n, net_, s.parameters);
    s.conv = options_of(n);
    std::get<op::convolution>(n.operation).geometry = s.conv.geometry;
    if (!net_.exponents.empty())
        s.exponent = net_.exponents[s.parameters];
    if (const auto pool = pool_behind(s.node); pool != none && fuses_(s.input, s.conv))
        return pool;
    s.conv.pooling = std::nullopt;
    return s.node;
}

features_plan::stage stage_builder::stage_of(std::size_t i, const shape& padded,
                                             std::span<const stage> before) {
    auto n = graph_.nodes[i];
    stage s{.node = i, .inputs = {}};
    std::vector<shape> shapes;
    for (const auto input : n.inputs) {
        const bool picture = input == graph::picture;
        s.inputs.push_back(picture ? input : stage_of_node_[input]);
        shapes.push_back(picture ? padded : before[s.inputs.back()].output);
        s.exponent = picture ? 0 : before[s.inputs.back()].exponent;
    }
    s.input = shapes.front();
    auto last = i;
    if (std::holds_alternative<op::convolution>(n.operation)) {
        last = take_convolution(s, n);
    } else if (std::holds_alternative<op::instance_norm>(n.operation)) {
        s.parameters = count_before<op::instance_norm>(graph_, i);
        s.local = norms_++;
        expect_norm(n, net_, s.parameters);
    }
    s.map = output_shape(n, shapes);
    s.output = last == i ? s.map : output_shape(graph_.nodes[last], {&s.map, 1});
    s.tap = taps_[last];
    stage_of_node_[i] = stage_of_node_[last] = before.size();
    return s;
}

}  // namespace impasto::nn
