#pragma once

// A network that is a graph, by the reference's plain loops: what nn::features is held against.

#include <cmath>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include <impasto/nn/network.hpp>

#include "support/maps.hpp"
#include "support/reference_layers.hpp"

namespace support {

using reference::map;

/// Parameters of every node that has some: filters and bias, or scale and shift.
template <class T>
struct node_parameters {
    std::vector<T> weights, bias;
};

template <class T>
class reference_graph {
public:
    reference_graph(const impasto::nn::graph& g, impasto::ops::pool_options pooling)
        : graph_(&g), pooling_(pooling) {}

    /// The map after every node.
    [[nodiscard]] std::vector<map<T>> forward(const map<T>& input,
                                              const std::vector<node_parameters<T>>& p) const {
        std::vector<map<T>> maps;
        for (std::size_t i = 0; i < graph_->nodes.size(); ++i) {
            const auto& n = graph_->nodes[i];
            const auto& x = at(input, maps, n.inputs.front());
            maps.push_back(std::visit(
                [&](const auto& o) { return run(o, x, at(input, maps, n.inputs.back()), p[i]); },
                n.operation));
        }
        return maps;
    }

    /// dJ/dinput, from ∂J/∂map at every node (empty for none); writes ∂J/∂parameters.
    [[nodiscard]] map<T> backward(const map<T>& input, const std::vector<map<T>>& maps,
                                  const std::vector<node_parameters<T>>& p,
                                  std::vector<map<T>> d_maps,
                                  std::vector<node_parameters<T>>& d_p) const {
        map<T> d_input(input.c, input.h, input.w);
        d_p.assign(p.size(), {});
        for (std::size_t i = graph_->nodes.size(); i-- > 0;) {
            const auto& n = graph_->nodes[i];
            if (d_maps[i].values.empty())
                d_maps[i] = map<T>(maps[i].c, maps[i].h, maps[i].w);
            const auto& x = at(input, maps, n.inputs.front());
            const auto d = std::visit(
                [&](const auto& o) { return go_back(o, x, maps[i], d_maps[i], p[i], d_p[i]); },
                n.operation);
            for (const auto to : n.inputs)
                add(to == impasto::nn::graph::picture ? d_input : d_maps[to], d);
        }
        return d_input;
    }

private:
    using convolution = impasto::nn::op::convolution;
    using pool = impasto::nn::op::pool;
    using upsample = impasto::nn::op::upsample;
    using instance_norm = impasto::nn::op::instance_norm;
    using addition = impasto::nn::op::add;
    using rectifier = impasto::nn::op::relu;
    using parameters = node_parameters<T>;

    static const map<T>& at(const map<T>& input, const std::vector<map<T>>& maps, std::size_t i) {
        return i == impasto::nn::graph::picture ? input : maps[i];
    }
    static void add(map<T>& sum, const map<T>& x) {
        if (sum.values.empty())
            sum = map<T>(x.c, x.h, x.w);
        for (std::size_t i = 0; i < x.values.size(); ++i)
            sum.values[i] += x.values[i];
    }
    static bool relu_in(const convolution& o) {
        return o.activation == impasto::ops::activation::relu;
    }

    map<T> run(const convolution& o, const map<T>& x, const map<T>&, const parameters& p) const {
        const auto& g = o.geometry;
        auto y = reference::conv2d(x, p.weights, p.bias, g.kernel, g.padding, g.stride);
        return relu_in(o) ? reference::relu(y) : y;
    }
    map<T> run(const pool&, const map<T>& x, const map<T>&, const parameters&) const {
        return reference::pool2d(x, pooling_);
    }
    map<T> run(const upsample& o, const map<T>& x, const map<T>&, const parameters&) const {
        return reference::upsample(x, o.factor);
    }
    map<T> run(const instance_norm& o, const map<T>& x, const map<T>&, const parameters& p) const {
        return reference::instance_norm(x, p.weights, p.bias, static_cast<T>(o.epsilon));
    }
    map<T> run(const addition&, map<T> x, const map<T>& y, const parameters&) const {
        add(x, y);
        return x;
    }
    map<T> run(const rectifier&, const map<T>& x, const map<T>&, const parameters&) const {
        return reference::relu(x);
    }

    map<T> go_back(const convolution& o, const map<T>& x, const map<T>& y, map<T> d,
                   const parameters& p, parameters& d_p) const {
        const auto& g = o.geometry;
        if (relu_in(o))
            d = reference::relu_backward(y, d);
        reference::conv2d_backward_filter(x, d, g.kernel, g.padding, d_p.weights, d_p.bias,
                                          g.stride);
        return reference::conv2d_backward_data(d, p.weights, x.shape(), g.kernel, g.padding,
                                               g.stride);
    }
    map<T> go_back(const pool&, const map<T>& x, const map<T>&, const map<T>& d, const parameters&,
                   parameters&) const {
        return reference::pool2d_backward(x, d, pooling_);
    }
    map<T> go_back(const upsample& o, const map<T>&, const map<T>&, const map<T>& d,
                   const parameters&, parameters&) const {
        return reference::upsample_backward(d, o.factor);
    }
    map<T> go_back(const instance_norm& o, const map<T>& x, const map<T>&, const map<T>& d,
                   const parameters& p, parameters& d_p) const {
        auto all = reference::instance_norm_backward(x, p.weights, d, static_cast<T>(o.epsilon));
        d_p = {all.scale, all.shift};
        return all.input;
    }
    map<T> go_back(const addition&, const map<T>&, const map<T>&, const map<T>& d,
                   const parameters&, parameters&) const {
        return d;
    }
    map<T> go_back(const rectifier&, const map<T>& x, const map<T>&, const map<T>& d,
                   const parameters&, parameters&) const {
        return reference::relu_backward(x, d);
    }

    const impasto::nn::graph* graph_;
    impasto::ops::pool_options pooling_;
};

/// A graph with random parameters that keep magnitudes, and the preprocessing of Caffe's models.
inline impasto::nn::network random_network(impasto::nn::graph g, unsigned seed) {
    impasto::nn::network net{.name = "random",
                             .layers = {},
                             .filters = {},
                             .input = impasto::nn::caffe_preprocessing,
                             .origin = "a test",
                             .graph = std::move(g)};
    net.input.scale = 2;
    net.input.mean = {0.9f, 1.0f, 1.1f};
    for (const auto& n : net.graph.nodes) {
        if (const auto* c = std::get_if<impasto::nn::op::convolution>(&n.operation)) {
            const auto k = c->geometry.kernel;
            const auto inputs = static_cast<std::size_t>(c->in_channels * k * k);
            const auto out = static_cast<std::size_t>(c->out_channels);
            const double width = std::sqrt(6.0 / static_cast<double>(inputs));
            net.filters.push_back(
                {to_tensor(random_values(inputs * out, seed, -width, width),
                           {c->out_channels, c->in_channels, k, k}),
                 to_tensor(random_values(out, seed + 1, -0.1, 0.2), {1, c->out_channels, 1, 1})});
        } else if (const auto* norm = std::get_if<impasto::nn::op::instance_norm>(&n.operation)) {
            const auto channels = static_cast<std::size_t>(norm->channels);
            net.norms.push_back(
                {to_tensor(random_values(channels, seed, 0.5, 1.5), {1, norm->channels, 1, 1}),
                 to_tensor(random_values(channels, seed + 1, -0.3, 0.3),
                           {1, norm->channels, 1, 1})});
        }
        seed += 2;
    }
    return net;
}

/// Its parameters, node by node.
inline std::vector<node_parameters<double>> parameters_of(const impasto::nn::network& net) {
    const auto doubles = [](const tensor<float, cpu>& t) {
        return std::vector<double>(t.begin(), t.end());
    };
    std::vector<node_parameters<double>> result;
    std::size_t filter = 0, norm = 0;
    for (const auto& n : net.graph.nodes) {
        auto& p = result.emplace_back();
        if (std::holds_alternative<impasto::nn::op::convolution>(n.operation)) {
            p = {doubles(net.filters[filter].weights), doubles(net.filters[filter].bias)};
            ++filter;
        } else if (std::holds_alternative<impasto::nn::op::instance_norm>(n.operation)) {
            p = {doubles(net.norms[norm].scale), doubles(net.norms[norm].shift)};
            ++norm;
        }
    }
    return result;
}

}  // namespace support
