#include <impasto/nn/features.hpp>

#include <catch2/catch.hpp>

#include <impasto/weights/weights.hpp>

#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;
using features = nn::features<float, cpu>;
using nn::layer_kind;
using ops::conv_algorithm;

namespace {

const nn::network& small_vgg() {
    static const auto network = weights::built_in();
    return network;
}

/// Two blocks of two convolutions and a pool, whose channels fill no block of any layout.
nn::network odd_network() {
    nn::network net;
    net.name = "odd";
    net.layers = {{layer_kind::convolution, 1, 1, 3, 5}, {layer_kind::convolution, 1, 2, 5, 17},
                  {layer_kind::pool, 1, 0, 17, 17},      {layer_kind::convolution, 2, 1, 17, 9},
                  {layer_kind::convolution, 2, 2, 9, 6}, {layer_kind::pool, 2, 0, 6, 6}};
    net.input = nn::caffe_preprocessing;
    net.input.scale = 2;
    net.input.mean = {0.9f, 1.0f, 1.1f};
    unsigned seed = 100;
    for (const auto& row : net.layers) {
        if (row.is_pool())
            continue;
        const auto count =
            std::size_t{9} * static_cast<unsigned>(row.in_channels * row.out_channels);
        const double width = std::sqrt(6.0 / (9 * row.in_channels));  // keeps magnitudes
        net.filters.push_back({to_tensor(random_values(count, seed, -width, width),
                                         {row.out_channels, row.in_channels, 3, 3}),
                               to_tensor(random_values(static_cast<std::size_t>(row.out_channels),
                                                       seed + 1, -0.1, 0.2),
                                         {1, row.out_channels, 1, 1})});
        seed += 2;
    }
    return net;
}

std::vector<double> values(const tensor<float, cpu>& t) {
    return {t.begin(), t.end()};
}

/// The same network in double, layer after layer.
struct reference_features {
    const nn::network& net;
    ops::pool_options pooling;
    ops::border border;
    ops::pixel_transform transform = nn::transform_of(net.input);
    std::int64_t margin = border == ops::border::replicate ? 1 : 0;
    std::vector<map<double>> inputs{}, outputs{};
    /// How far the values are from changing sides: a ReLU's from zero, a window's maximum from the
    /// next. Nearer than float can tell, two right gradients differ.
    double nearest_kink = 0;

    void forward(const map<double>& pixels) {
        auto here = reference::normalize_pixels(pixels, transform, border, margin);
        std::size_t filter = 0;
        inputs.clear(), outputs.clear();
        nearest_kink = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < net.layers.size(); ++i) {
            inputs.push_back(here);
            if (net.layers[i].is_pool()) {
                if (pooling.kind == ops::pooling::max)
                    note_ties(here);
                here = reference::pool2d(here, pooling);
            } else {
                const auto& f = net.filters[filter++];
                here = reference::conv2d(here, values(f.weights), values(f.bias), 3, padding(i));
                for (const double v : here.values)
                    nearest_kink = std::min(nearest_kink, std::abs(v));
                here = reference::relu(here);
            }
            outputs.push_back(here);
        }
    }

    /// taps: ∂J/∂map at every layer, empty where there is none.
    map<double> backward(const std::vector<map<double>>& taps, shape pixels,
                         bool guided = false) const {
        auto d = map<double>(outputs.back().c, outputs.back().h, outputs.back().w);
        std::size_t filter = net.filters.size();
        for (std::size_t i = net.layers.size(); i-- > 0;) {
            for (std::size_t j = 0; j < taps[i].values.size(); ++j)
                d.values[j] += taps[i].values[j];
            if (net.layers[i].is_pool())
                d = reference::pool2d_backward(inputs[i], d, pooling);
            else {
                d = reference::relu_backward(outputs[i], d);
                if (guided)
                    d = reference::relu(d);
                d = reference::conv2d_backward_data(d, values(net.filters[--filter].weights),
                                                    inputs[i].shape(), 3, padding(i));
            }
        }
        return reference::normalize_pixels_backward(d, pixels, transform, border);
    }

    void note_ties(const map<double>& m) {
        for (std::int64_t k = 0; k < m.c; ++k)
            for (std::int64_t y = 0; y + 1 < m.h; y += 2)
                for (std::int64_t x = 0; x + 1 < m.w; x += 2) {
                    double v[] = {m.at(k, y, x), m.at(k, y, x + 1), m.at(k, y + 1, x),
                                  m.at(k, y + 1, x + 1)};
                    std::ranges::sort(v);
                    if (v[3] > 0)
                        nearest_kink = std::min(nearest_kink, v[3] - v[2]);
                }
    }

    [[nodiscard]] std::int64_t padding(std::size_t i) const { return i == 0 ? 1 - margin : 1; }
};

const ops::pool_options poolings[] = {{}, {ops::pooling::average, 2}, {ops::pooling::l2, 0.78f}};

}  // namespace

TEST_CASE("features and their gradients agree with the reference for channels that fill no block") {
    context<cpu> ctx({.threads = 2});
    const auto algorithm = GENERATE(conv_algorithm::direct, conv_algorithm::fastest);
    const double tolerance = algorithm == conv_algorithm::direct ? 2e-6 : 2e-5;
    const auto net = odd_network();
    const std::vector<std::string> taps{"pool2", "relu1_1", "relu2_1", "pool1"};
    const std::size_t layers[] = {5, 0, 3, 2};
    for (const auto& pooling : poolings)
        for (const auto border : {ops::border::zero, ops::border::replicate})
            for (const auto& [h, w] : {std::pair{4, 4}, {5, 7}, {17, 16}, {23, 6}}) {
                CAPTURE(static_cast<int>(pooling.kind), border == ops::border::replicate, h, w,
                        algorithm == conv_algorithm::direct);
                map<double> pixels;
                reference_features expected{net, pooling, border};
                for (unsigned seed = 1; expected.nearest_kink < 2e-5; ++seed) {
                    REQUIRE(seed < 50);
                    pixels = random_map(3, h, w, seed, 0, 1);
                    expected.forward(pixels);
                }

                features found(ctx, net, pixels.shape(),
                               {.taps = taps, .view = {pooling, border, 1, {algorithm}}});
                REQUIRE(found.tap_count() == taps.size());
                found.forward(ctx, to_tensor(ctx, pixels));
                std::vector<map<double>> d_taps(net.layers.size());
                for (std::size_t t = 0; t < taps.size(); ++t) {
                    const auto& map = expected.outputs[layers[t]];
                    REQUIRE(found.tap_shape(t) == map.shape());
                    CHECK(worst_error(to_map(ctx, found.tap(t)).values, map.values) < tolerance);
                    d_taps[layers[t]] =
                        random_map(map.c, map.h, map.w, 20 + static_cast<unsigned>(t));
                }

                auto d_pixels = filled(pixels.shape(), layout::nchw, not_a_number);
                std::vector<std::size_t> order;
                found.backward(
                    ctx,
                    [&](std::size_t tap, auto map, auto gradient) {
                        order.push_back(tap);
                        CHECK(worst_error(to_map(ctx, map).values,
                                          expected.outputs[layers[tap]].values) < tolerance);
                        ops::axpy(ctx, 1, to_tensor(ctx, d_taps[layers[tap]], gradient.layout()),
                                  gradient);
                    },
                    d_pixels);
                CHECK(order == std::vector<std::size_t>{0, 2, 3, 1});  // last layer first
                CHECK(worst_error(to_map(ctx, d_pixels).values,
                                  expected.backward(d_taps, pixels.shape()).values) < tolerance);
            }
}

TEST_CASE("guided, backward lets no negative gradient through a ReLU") {
    context<cpu> ctx({.threads = 2});
    const auto net = odd_network();
    for (const auto& pooling : poolings) {
        CAPTURE(static_cast<int>(pooling.kind));
        map<double> pixels;
        reference_features expected{net, pooling, ops::border::zero};
        for (unsigned seed = 1; expected.nearest_kink < 2e-5; ++seed) {
            REQUIRE(seed < 50);
            pixels = random_map(3, 13, 11, seed, 0, 1);
            expected.forward(pixels);
        }
        features found(ctx, net, pixels.shape(),
                       {.taps = {"relu2_2", "relu1_1"},
                        .view = {.pooling = pooling, .convolution = {conv_algorithm::direct}},
                        .guided = true});
        found.forward(ctx, to_tensor(ctx, pixels));
        std::vector<map<double>> d_taps(net.layers.size());
        const std::size_t layers[] = {4, 0};
        auto d_pixels = filled(pixels.shape(), layout::nchw, not_a_number);
        found.backward(
            ctx,
            [&](std::size_t tap, auto, auto gradient) {
                const auto s = gradient.shape();
                d_taps[layers[tap]] = random_map(s.c, s.h, s.w, 30);
                ops::axpy(ctx, 1, to_tensor(ctx, d_taps[layers[tap]], gradient.layout()), gradient);
            },
            d_pixels);
        CHECK(worst_error(to_map(ctx, d_pixels).values,
                          expected.backward(d_taps, pixels.shape(), true).values) < 2e-6);
        CHECK(worst_error(to_map(ctx, d_pixels).values,
                          expected.backward(d_taps, pixels.shape()).values) > 0.01);
    }
}

TEST_CASE("features work at any size, and give the same bytes twice") {
    context<cpu> ctx({.threads = 2});
    const auto algorithm = GENERATE(conv_algorithm::direct, conv_algorithm::fastest);
    for (const auto& [h, w] : {std::pair{8, 8}, {16, 16}, {17, 16}, {8, 211}, {223, 517}}) {
        CAPTURE(h, w, algorithm == conv_algorithm::direct);
        const shape size{1, 3, h, w};
        features network(ctx, small_vgg(), size,
                         {.taps = {"relu4_2", "relu1_1", "pool2", "relu3_1"},
                          .view = {.convolution = {algorithm}}});
        CHECK(network.pixels_shape() == size);
        CHECK(network.tap_shape(0) == shape{1, 256, h / 8, w / 8});
        CHECK(network.tap_shape(1) == shape{1, 32, h, w});
        CHECK(network.tap_shape(2) == shape{1, 64, h / 4, w / 4});
        CHECK(network.tap_shape(3) == shape{1, 128, h / 4, w / 4});

        const auto pixels = to_tensor(ctx, random_map(3, h, w, 1, 0, 1));
        const auto run = [&] {
            auto gradient = filled(size, layout::nchw, not_a_number);
            network.forward(ctx, pixels);
            network.backward(
                ctx, [&](std::size_t, auto map, auto d) { ops::axpy(ctx, 1e-3f, map, d); },
                gradient);
            return gradient;
        };
        const auto once = run(), twice = run();
        CHECK(std::ranges::all_of(once, [](float v) { return std::isfinite(v); }));
        CHECK(ops::max_abs(ctx, once) > 0);
        CHECK(same_bytes(once, twice));
    }
}

TEST_CASE("a gradient that nobody adds is zero") {
    context<cpu> ctx;
    features network(ctx, small_vgg(), {1, 3, 17, 19}, {.taps = {"relu2_1"}});
    auto gradient = filled({1, 3, 17, 19}, layout::nchw, not_a_number);
    network.forward(ctx, filled({1, 3, 17, 19}, layout::nchw, 0.5f));
    network.backward(
        ctx, [](std::size_t, auto, auto) {}, gradient);
    CHECK(ops::max_abs(ctx, gradient) == 0);
}

TEST_CASE("a plan for forward alone sees the same, needs less memory, and refuses backward") {
    context<cpu> ctx;
    const shape size{1, 3, 64, 80};
    const std::vector<std::string> taps{"relu1_1", "relu4_2"};
    features both(ctx, small_vgg(), size, {.taps = taps});
    features forward(ctx, small_vgg(), size, {.taps = taps, .backward = false});
    CHECK(forward.peak_bytes() > 0);
    CHECK(forward.peak_bytes() < both.peak_bytes());
    CHECK(forward.forward_macs() == both.forward_macs());

    auto pixels = to_tensor(ctx, random_map(3, 64, 80, 1, 0, 1));
    both.forward(ctx, pixels);
    forward.forward(ctx, pixels);
    for (std::size_t t = 0; t < taps.size(); ++t)
        CHECK(std::ranges::equal(both.tap(t), forward.tap(t)));
    CHECK_THROWS_WITH(forward.backward(
                          ctx, [](std::size_t, auto, auto) {}, pixels),
                      Catch::Contains("forward alone"));
}

TEST_CASE("forward shows each tap as it is filled, the first layer's even where it is recomputed") {
    context<cpu> ctx;
    const shape size{1, 3, 33, 40};
    const auto recompute = GENERATE(false, true);
    const auto kind = GENERATE(ops::pooling::max, ops::pooling::average, ops::pooling::l2);
    const std::vector<std::string> taps{"relu3_1", "relu1_1", "relu1_2"};
    features plain(ctx, small_vgg(), size, {.taps = taps, .view = {.pooling = {.kind = kind}}});
    features shown(ctx, small_vgg(), size,
                   {.taps = taps, .view = {.pooling = {.kind = kind}, .recompute = recompute}});
    const auto pixels = to_tensor(ctx, random_map(3, size.h, size.w, 1, 0, 1));
    plain.forward(ctx, pixels);
    std::vector<std::size_t> order;
    shown.forward(ctx, pixels, [&](std::size_t t, auto map) {
        order.push_back(t);
        CHECK(std::ranges::equal(map, plain.tap(t)));
    });
    CHECK(order == std::vector<std::size_t>{1, 2, 0});
}

TEST_CASE("a first layer that an L2 pool follows is kept, asked or not") {
    context<cpu> ctx;
    auto net = weights::built_in();  // conv1_1, pool1 and conv2_1 of it
    net.layers = {net.layers[0], net.layers[2], net.layers[3]};
    net.filters.erase(net.filters.begin() + 1);
    const auto gradient = [&](bool recompute) {
        features f(ctx, net, {1, 3, 12, 14},
                   {.taps = {"relu1_1", "relu2_1"},
                    .view = {.pooling = {.kind = ops::pooling::l2}, .recompute = recompute}});
        auto pixels = to_tensor(ctx, random_map(3, 12, 14, 1, 0, 1));
        f.forward(ctx, pixels);
        f.backward(
            ctx, [&](std::size_t, auto map, auto d) { ops::axpy(ctx, 1, map, d); }, pixels);
        return pixels;
    };
    CHECK(support::same_bytes(gradient(true), gradient(false)));
}

TEST_CASE("forward_macs counts nine multiply-adds a weight and pixel") {
    context<cpu> ctx;
    const features network(ctx, small_vgg(), {1, 3, 16, 16}, {.taps = {"relu2_1"}});
    CHECK(network.forward_macs() == 9 * (3 * 32 * 256 + 32 * 32 * 256 + 32 * 64 * 64));
}

TEST_CASE("features refuse what cannot be, and say what can") {
    context<cpu> ctx;
    const auto make = [&](shape size, std::vector<std::string> taps) {
        return features(ctx, small_vgg(), size, {.taps = std::move(taps)});
    };
    CHECK_THROWS_WITH(make({1, 3, 7, 64}, {"relu1_1", "relu4_2"}), Catch::Contains("64x7") &&
                                                                       Catch::Contains("relu4_2") &&
                                                                       Catch::Contains("8x8"));
    CHECK_THROWS_AS(make({1, 3, 64, 7}, {"relu4_2"}), shape_error);
    CHECK_NOTHROW(make({1, 3, 1, 1}, {"relu1_2"}));
    CHECK_THROWS_AS(make({1, 3, 0, 5}, {"relu1_1"}), shape_error);
    CHECK_THROWS_WITH(make({1, 4, 64, 64}, {"relu1_1"}),
                      "features: pixels: expected [1,3,64,64], found [1,4,64,64]");
    CHECK_THROWS_WITH(make({2, 3, 64, 64}, {"relu1_1"}), Catch::Contains("[2,3,64,64]"));
    CHECK_THROWS_WITH(make({1, 3, 64, 64}, {"relu1_1", "relu2_1", "relu1_1"}),
                      Catch::Contains("relu1_1") && Catch::Contains("twice"));
    CHECK_THROWS_WITH(make({1, 3, 64, 64}, {"relu5_1"}), Catch::Contains("no layer \"relu5_1\""));
    CHECK_THROWS_AS(make({1, 3, 64, 64}, {}), option_error);

    auto network = make({1, 3, 16, 17}, {"relu1_1"});
    auto wrong = filled({1, 3, 17, 16}, layout::nchw, 0);
    CHECK_THROWS_WITH(network.forward(ctx, wrong),
                      "features: pixels: expected [1,3,16,17], found [1,3,17,16]");
    CHECK_THROWS_WITH(network.backward(
                          ctx, [](std::size_t, auto, auto) {}, wrong),
                      "features: d_pixels: expected [1,3,16,17], found [1,3,17,16]");
}

TEST_CASE("features that are resized are those made for that size") {
    context<cpu> ctx({.threads = 2});
    const auto border = GENERATE(ops::border::zero, ops::border::replicate);
    const nn::features_options options{.taps = {"relu3_1", "relu1_2", "relu4_2"},
                                       .view = {.border = border}};
    const auto computed = [&](features& f) {
        const auto pixels = to_tensor(
            ctx, random_map(3, f.pixels_shape().h, f.pixels_shape().w, 9, 0, 1), layout::nchw);
        tensor<float, cpu> d_pixels(f.pixels_shape());
        f.forward(ctx, pixels);
        std::vector<std::vector<float>> all;
        for (std::size_t t = 0; t < 3; ++t)
            all.emplace_back(f.tap(t).begin(), f.tap(t).end());
        f.backward(
            ctx, [&](std::size_t, auto map, auto d) { ops::axpy(ctx, 1, map, d); }, d_pixels);
        all.emplace_back(d_pixels.begin(), d_pixels.end());
        return all;
    };
    features sized(ctx, small_vgg(), {1, 3, 40, 52}, options);
    // Smaller, larger, one side each, back to the first.
    for (const auto& [h, w] : {std::pair{17, 23}, {61, 83}, {61, 9}, {8, 90}, {40, 52}}) {
        CAPTURE(h, w);
        const shape pixels{1, 3, h, w};
        sized.resize(ctx, small_vgg(), pixels);
        features made(ctx, small_vgg(), pixels, options);
        CHECK(sized.pixels_shape() == pixels);
        CHECK(sized.tap_shape(2) == made.tap_shape(2));
        CHECK(sized.forward_macs() == made.forward_macs());
        CHECK(sized.peak_bytes() >= made.peak_bytes());
        CHECK(computed(sized) == computed(made));
    }
    const auto before = computed(sized);
    CHECK_THROWS_AS(sized.resize(ctx, small_vgg(), {1, 3, 7, 50}), shape_error);
    CHECK(sized.pixels_shape() == shape{1, 3, 40, 52});
    CHECK(computed(sized) == before);
}
