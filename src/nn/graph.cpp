#include <impasto/nn/graph.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include <impasto/core/error.hpp>
#include <impasto/ops/pool2d.hpp>
#include <impasto/ops/upsample.hpp>

namespace impasto::nn {

namespace {

template <class... F>
struct overloaded : F... {
    using F::operator()...;
};

[[noreturn]] void refuse(const node& n, const std::string& why) {
    throw option_error("graph: node \"" + n.name + "\": " + why);
}

void expect_range(const node& n, const char* what, std::int64_t found, std::int64_t least,
                  std::int64_t most) {
    if (found < least || found > most)
        refuse(n, std::string(what) + " is " + std::to_string(found) + "; expected " +
                      std::to_string(least) + " to " + std::to_string(most));
}

constexpr std::int64_t most_channels = 1 << 16;

void expect_channels(const node& n, std::int64_t wanted, std::int64_t found) {
    if (wanted != found)
        refuse(n, "reads " + std::to_string(wanted) + " channels, but its input has " +
                      std::to_string(found));
}

void check_convolution(const node& n, const op::convolution& c) {
    expect_range(n, "in_channels", c.in_channels, 1, most_channels);
    expect_range(n, "out_channels", c.out_channels, 1, most_channels);
    expect_range(n, "kernel", c.geometry.kernel, 1, largest_kernel);
    expect_range(n, "stride", c.geometry.stride, 1, largest_kernel);
    expect_range(n, "padding", c.geometry.padding, 0, c.geometry.kernel - 1);
}

void check_inputs(const graph& g, std::size_t i) {
    const auto& n = g.nodes[i];
    const std::size_t wanted = std::holds_alternative<op::add>(n.operation) ? 2 : 1;
    if (n.inputs.size() != wanted)
        refuse(n, "has " + std::to_string(n.inputs.size()) + " inputs; expected " +
                      std::to_string(wanted));
    for (const auto input : n.inputs) {
        if (input == graph::picture) {
            if (!std::holds_alternative<op::convolution>(n.operation))
                refuse(n, "reads the picture, which only a convolution does");
        } else if (input >= i) {
            refuse(n, "reads node " + std::to_string(input) +
                          ", which does not come before it, at " + std::to_string(i));
        }
    }
}

// Channels after a node; channels: of the nodes before it.
std::int64_t check_channels(const node& n, std::span<const std::int64_t> channels) {
    const auto of = [&](std::size_t input) {
        return input == graph::picture ? 3 : channels[input];
    };
    const auto in = of(n.inputs.front());
    return std::visit(
        overloaded{[&](const op::convolution& c) {
                       check_convolution(n, c);
                       expect_channels(n, c.in_channels, in);
                       return c.out_channels;
                   },
                   [&](const op::upsample& u) {
                       expect_range(n, "factor", u.factor, 1, 64);
                       return in;
                   },
                   [&](const op::instance_norm& norm) {
                       if (!(norm.epsilon > 0))
                           refuse(n, "epsilon is positive, found " + std::to_string(norm.epsilon));
                       expect_channels(n, norm.channels, in);
                       return in;
                   },
                   [&](const op::add&) {
                       expect_channels(n, in, of(n.inputs.back()));
                       return in;
                   },
                   [&](const auto&) { return in; }},
        n.operation);
}

// How many rows of the input a node needs for `rows` of its output.
std::int64_t needed(const any_op& operation, std::int64_t rows) {
    if (const auto* c = std::get_if<op::convolution>(&operation))
        return std::max<std::int64_t>(
            1, (rows - 1) * c->geometry.stride + c->geometry.kernel - 2 * c->geometry.padding);
    if (std::holds_alternative<op::pool>(operation))
        return 2 * rows;
    if (const auto* u = std::get_if<op::upsample>(&operation))
        return (rows + u->factor - 1) / u->factor;
    return rows;
}

}  // namespace

std::size_t graph::add(std::string name, any_op operation, std::vector<std::size_t> inputs) {
    if (inputs.empty())
        inputs.push_back(nodes.empty() ? picture : nodes.size() - 1);
    nodes.push_back({std::move(name), std::move(inputs), operation});
    return nodes.size() - 1;
}

graph vgg_graph(std::span<const layer> layers) {
    graph g;
    for (const auto& row : layers)
        if (row.is_pool())
            g.add(tap_name_of(row), op::pool{});
        else
            g.add(tap_name_of(row),
                  op::convolution{row.in_channels, row.out_channels, {}, ops::activation::relu});
    return g;
}

void check(const graph& g) {
    if (g.nodes.empty())
        throw option_error("graph: it has no nodes");
    std::set<std::string_view> names;
    std::vector<std::int64_t> channels;
    for (std::size_t i = 0; i < g.nodes.size(); ++i) {
        const auto& n = g.nodes[i];
        if (n.name.empty())
            throw option_error("graph: node " + std::to_string(i) + " has no name");
        if (!names.insert(n.name).second)
            refuse(n, "another node has this name");
        check_inputs(g, i);
        channels.push_back(check_channels(n, channels));
    }
}

std::size_t find_node(const graph& g, std::string_view name) {
    const auto found = std::ranges::find(g.nodes, name, &node::name);
    if (found != g.nodes.end())
        return static_cast<std::size_t>(found - g.nodes.begin());
    std::string message = "no layer \"" + std::string(name) + "\"; the network has";
    for (const auto& n : g.nodes)
        message += " " + n.name;
    throw option_error(message);
}

std::vector<bool> ancestors(const graph& g, std::size_t last) {
    std::vector<bool> result(last + 1);
    result[last] = true;
    for (std::size_t i = last + 1; i-- > 0;)
        if (result[i])
            for (const auto input : g.nodes[i].inputs)
                if (input != graph::picture)
                    result[input] = true;
    return result;
}

shape output_shape(const node& n, std::span<const shape> inputs) {
    const auto& in = inputs.front();
    auto out = in;
    if (const auto* c = std::get_if<op::convolution>(&n.operation)) {
        const auto& g = c->geometry;
        const auto extent = [&](std::int64_t from) {
            const auto room = from + 2 * g.padding - g.kernel;
            return room < 0 ? 0 : room / g.stride + 1;
        };
        out = {1, c->out_channels, extent(in.h), extent(in.w)};
    } else if (std::holds_alternative<op::pool>(n.operation)) {
        out = ops::pooled(in);
    } else if (const auto* u = std::get_if<op::upsample>(&n.operation)) {
        out = ops::upsampled(in, u->factor);
    } else if (std::holds_alternative<op::add>(n.operation) && !(inputs.back() == in)) {
        throw shape_error("graph: node \"" + n.name + "\" adds maps of " + to_string(in) + " and " +
                          to_string(inputs.back()) + ", which differ");
    }
    if (out.h < 1 || out.w < 1)
        throw shape_error("graph: node \"" + n.name + "\" has no output for a map of " +
                          to_string(in));
    return out;
}

std::vector<shape> shapes_of(const graph& g, const shape& picture) {
    std::vector<shape> result;
    for (const auto& n : g.nodes) {
        std::vector<shape> inputs;
        for (const auto input : n.inputs)
            inputs.push_back(input == graph::picture ? picture : result[input]);
        result.push_back(output_shape(n, inputs));
    }
    return result;
}

std::int64_t smallest_side(const graph& g, std::size_t last) {
    std::vector<std::int64_t> rows(last + 1);
    rows[last] = 1;
    std::int64_t of_picture = 1;
    for (std::size_t i = last + 1; i-- > 0;)
        if (rows[i] > 0)
            for (const auto input : g.nodes[i].inputs) {
                auto& side = input == graph::picture ? of_picture : rows[input];
                side = std::max(side, needed(g.nodes[i].operation, rows[i]));
            }
    return of_picture;
}

}  // namespace impasto::nn
