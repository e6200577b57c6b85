// nn::features on networks that are no VGG.

#include <limits>

#include <catch2/catch.hpp>

#include <impasto/nn/features.hpp>

#include "nn/graphs.hpp"
#include "support/graph_in_double.hpp"

using namespace impasto;
using namespace support;
using features = nn::features<float, cpu>;

namespace {

/// How far the values before a ReLU are from zero. Nearer than float can tell, two right gradients
/// differ.
double nearest_kink(const graph& g, const std::vector<map<double>>& maps) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const auto& n : g.nodes)
        if (std::holds_alternative<op::relu>(n.operation))
            for (const double v : maps[n.inputs.front()].values)
                nearest = std::min(nearest, std::abs(v));
    return nearest;
}

/// A network, its taps, and what the reference makes of it.
struct problem {
    nn::network net;
    std::vector<std::string> taps;
    ops::pool_options pooling{};
    map<double> pixels{};
    std::vector<map<double>> maps{}, d_taps{};
    std::vector<node_parameters<double>> d_parameters{};
    map<double> d_pixels{};

    void solve(std::int64_t h, std::int64_t w, unsigned seed,
               ops::border border = ops::border::zero, std::int64_t margin = 0) {
        const auto transform = nn::transform_of(net.input);
        auto g = net.graph;
        for (auto& n : g.nodes)
            if (n.inputs.front() == graph::picture && border != ops::border::zero)
                std::get<op::convolution>(n.operation).geometry.padding = 0;
        const reference_graph<double> reference(g, pooling);
        const auto parameters = parameters_of(net);
        pixels = random_map(3, h, w, seed, 0, 1);
        const auto input = reference::normalize_pixels(pixels, transform, border, margin);
        maps = reference.forward(input, parameters);
        std::vector<map<double>> d_maps(maps.size());
        for (const auto& tap : taps) {
            const auto i = nn::find_node(g, tap);
            d_maps[i] = d_taps.emplace_back(random_map(maps[i].c, maps[i].h, maps[i].w, seed + 5));
        }
        const auto d_input = reference.backward(input, maps, parameters, d_maps, d_parameters);
        d_pixels = reference::normalize_pixels_backward(d_input, pixels.shape(), transform, border);
    }
    [[nodiscard]] const map<double>& at(const std::string& tap) const {
        return maps[nn::find_node(net.graph, tap)];
    }
};

void check_gradients(features& found, const problem& p, double tolerance) {
    std::size_t filter = 0, norm = 0;
    for (std::size_t i = 0; i < p.net.graph.nodes.size(); ++i) {
        const auto& n = p.net.graph.nodes[i];
        CAPTURE(n.name);
        const auto& d = p.d_parameters[i];
        // A bias before an instance norm has no influence: its gradient is nothing but rounding.
        const auto close = [&](const tensor<float, cpu>& t, const std::vector<double>& expected,
                               double room) {
            CHECK(worst_error({t.begin(), t.end()}, expected) < room);
        };
        if (std::holds_alternative<op::convolution>(n.operation)) {
            const auto& g = found.filter_gradient(filter++);
            close(g.weights, d.weights, tolerance);
            if (worst_error(d.bias, std::vector<double>(d.bias.size())) > 1e-6)
                close(g.bias, d.bias, tolerance);
        } else if (std::holds_alternative<op::instance_norm>(n.operation)) {
            const auto& g = found.norm_gradient(norm++);
            close(g.scale, d.weights, tolerance);
            close(g.shift, d.bias, tolerance);
        }
    }
}

void check_pass(context<cpu>& ctx, const problem& p, const nn::features_options& options,
                double tolerance) {
    features found(ctx, p.net, p.pixels.shape(), options);
    auto d_pixels = filled(p.pixels.shape(), layout::nchw, not_a_number);
    for (int repeat = 0; repeat < 2; ++repeat) {
        found.forward(ctx, to_tensor(ctx, p.pixels), [&](std::size_t t, auto map) {
            CAPTURE(p.taps[t]);
            CHECK(worst_error(to_map(ctx, map).values, p.at(p.taps[t]).values) < tolerance);
        });
        found.backward(
            ctx,
            [&](std::size_t t, auto map, auto gradient) {
                CHECK(worst_error(to_map(ctx, map).values, p.at(p.taps[t]).values) < tolerance);
                ops::axpy(ctx, 1, to_tensor(ctx, p.d_taps[t], gradient.layout()), gradient);
            },
            d_pixels);
        CHECK(worst_error(to_map(ctx, d_pixels).values, p.d_pixels.values) < tolerance);
    }
    if (options.parameters)
        check_gradients(found, p, tolerance);
}

}  // namespace

TEST_CASE("a residual network and all its gradients agree with the reference") {
    context<cpu> ctx({.threads = 2});
    const auto algorithm = GENERATE(ops::conv_algorithm::direct, ops::conv_algorithm::fastest);
    for (const auto& [h, w] : {std::pair{16, 12}, {13, 22}})
        for (const bool parameters : {false, true}) {
            CAPTURE(h, w, parameters, algorithm == ops::conv_algorithm::direct);
            problem p;
            double nearest = 0;
            for (unsigned seed = 1; nearest < 1e-4; ++seed) {
                REQUIRE(seed < 50);
                p = {random_network(residual_network(), 100 * seed), {"last", "block1", "down"}};
                p.solve(h, w, seed);
                nearest = nearest_kink(p.net.graph, p.maps);
            }
            check_pass(
                ctx, p,
                {.taps = p.taps, .view = {.convolution = {algorithm}}, .parameters = parameters},
                1e-4);
        }
}

TEST_CASE("maps that several nodes read have the sum of their gradients") {
    context<cpu> ctx({.threads = 2});
    const auto kind = GENERATE(ops::pooling::max, ops::pooling::average, ops::pooling::l2);
    const auto parameters = GENERATE(false, true);
    const auto recompute = GENERATE(false, true);
    CAPTURE(static_cast<int>(kind), parameters, recompute);
    for (const auto& taps : {std::vector<std::string>{"many"},
                             {"left", "many", "sum"},
                             {"joined"},
                             {"few", "right"}}) {
        problem p{random_network(branching_network(), 3), taps, {kind, 0.7f}};
        p.solve(15, 18, 4);
        if (parameters && taps.front() != "many")
            continue;  // some parameters have no influence, and no gradient
        check_pass(ctx, p,
                   {.taps = taps,
                    .view = {.pooling = p.pooling,
                             .convolution = {ops::conv_algorithm::direct},
                             .recompute = recompute},
                    .parameters = parameters},
                   1e-5);
    }
}

TEST_CASE("a border of pixels is as wide as the first convolution pads") {
    context<cpu> ctx({.threads = 2});
    for (const auto& [border, given, margin] : {std::tuple{ops::border::replicate, 1, 4},
                                                {ops::border::wrap, 1, 4},
                                                {ops::border::wrap, 7, 7}}) {
        graph g;
        g.add("wide", op::convolution{3, 8, {9, 1, 4}});
        g.add("down", op::convolution{8, 5, {3, 2, 1}});
        problem p{random_network(std::move(g), 1), {"down"}};
        p.solve(11, 14, 2, border, margin);
        check_pass(ctx, p, {.taps = p.taps, .view = {.border = border, .wrap_margin = given}},
                   1e-5);
    }
}

TEST_CASE("the reference's graph has the gradients of central differences") {
    auto g = residual_network();
    g.nodes.resize(nn::find_node(g, "block1") + 1);
    g.add("pool", op::pool{});
    g.add("up", op::upsample{3});
    const auto net = random_network(g, 7);
    const auto parameters = parameters_of(net);
    const reference_graph<double> reference(g, {ops::pooling::average, 1});
    const auto x = random_map(3, 6, 8, 1);
    const auto maps = reference.forward(x, parameters);
    const auto d = random_map(maps.back().c, maps.back().h, maps.back().w, 2);
    std::vector<map<double>> d_maps(maps.size());
    d_maps.back() = d;
    std::vector<node_parameters<double>> d_parameters;
    const auto d_x = reference.backward(x, maps, parameters, d_maps, d_parameters);
    const auto loss_of_input = [&](const std::vector<double>& values) {
        auto input = x;
        input.values = values;
        return reference::dot(reference.forward(input, parameters).back().values, d.values);
    };
    CHECK(relative_error(d_x.values, reference::numeric_gradient(loss_of_input, x.values)) < 1e-6);
    for (const auto i : {std::size_t{0}, std::size_t{1}, nn::find_node(g, "block1b_norm")}) {
        const auto loss_of_weights = [&](const std::vector<double>& values) {
            auto changed = parameters;
            changed[i].weights = values;
            return reference::dot(reference.forward(x, changed).back().values, d.values);
        };
        if (i != 0)  // as many differences as weights
            CHECK(relative_error(
                      d_parameters[i].weights,
                      reference::numeric_gradient(loss_of_weights, parameters[i].weights)) < 1e-6);
    }
}

TEST_CASE("a graph gives the same bytes twice, and the same maps where no backward pass follows") {
    context<cpu> ctx({.threads = 2});
    const auto net = random_network(residual_network(), 1);
    const shape size{1, 3, 20, 28};
    const auto pixels = to_tensor(ctx, random_map(3, 20, 28, 1, 0, 1));
    features both(ctx, net, size, {.taps = {"last"}, .parameters = true});
    features forward(ctx, net, size, {.taps = {"last"}, .backward = false});
    CHECK(forward.peak_bytes() < both.peak_bytes());
    const auto run = [&] {
        auto d_pixels = filled(size, layout::nchw, not_a_number);
        both.forward(ctx, pixels);
        forward.forward(ctx, pixels);
        CHECK(std::ranges::equal(both.tap(0), forward.tap(0)));
        both.backward(
            ctx, [&](std::size_t, auto map, auto d) { ops::axpy(ctx, 1, map, d); }, d_pixels);
        return d_pixels;
    };
    const auto once = run();
    const std::vector<float> weights(both.filter_gradient(3).weights.begin(),
                                     both.filter_gradient(3).weights.end());
    CHECK(same_bytes(once, run()));
    CHECK(std::ranges::equal(both.filter_gradient(3).weights, weights));
}

TEST_CASE("features refuse a graph whose parameters or pictures do not fit, by name") {
    context<cpu> ctx;
    const auto make = [&](const nn::network& net, shape pixels, nn::features_options options) {
        return features(ctx, net, pixels, options);
    };
    auto net = random_network(residual_network(), 1);
    const shape size{1, 3, 20, 28};
    CHECK_THROWS_WITH(make(net, {1, 3, 20, 27}, {.taps = {"first"}}),
                      Catch::Contains("no layer \"first\"; the network has wide wide_norm"));
    CHECK_THROWS_WITH(make(net, size, {.taps = {"down", "down"}}), Catch::Contains("twice"));
    CHECK_THROWS_WITH(make(net, size, {.taps = {"last"}}).filter_gradient(0),
                      Catch::Contains("ask for parameters"));
    net.filters[1].weights = tensor<float, cpu>({17, 8, 1, 1});
    CHECK_THROWS_WITH(make(net, size, {.taps = {"last"}}),
                      Catch::Contains("down: filters: expected [17,8,3,3], found [17,8,1,1]"));
    CHECK_NOTHROW(make(net, size, {.taps = {"wide"}}));
    net.norms.resize(1);
    net.filters = std::move(random_network(residual_network(), 1).filters);
    CHECK_THROWS_WITH(make(net, size, {.taps = {"last"}}),
                      Catch::Contains("no scale and shift for down_norm"));
    net.filters.clear();
    CHECK_THROWS_WITH(make(net, size, {.taps = {"wide"}}), Catch::Contains("no filters for wide"));

    graph g;
    g.add("narrow", op::convolution{3, 4, {5, 1, 0}});
    g.add("pool", op::pool{});
    g.add("other", op::convolution{3, 4, {3, 1, 1}}, {graph::picture});
    g.add("all", op::convolution{4, 4});
    CHECK_THROWS_WITH(make(random_network(g, 1), {1, 3, 5, 9}, {.taps = {"other", "pool"}}),
                      Catch::Contains("9x5") && Catch::Contains("pool") && Catch::Contains("6x6"));
    CHECK_THROWS_WITH(make(random_network(g, 1), size,
                           {.taps = {"other", "pool"}, .view = {.border = ops::border::replicate}}),
                      Catch::Contains("narrow and other"));
    g.nodes.back().inputs = {9};
    CHECK_THROWS_WITH(make(random_network(g, 1), size, {.taps = {"narrow"}}),
                      Catch::Contains("\"all\": reads node 9"));
}
