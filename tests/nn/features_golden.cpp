// The built-in network against what PyTorch computes of it in double.

#include <catch2/catch.hpp>

#include <impasto/nn/features.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/weights/weights.hpp>

#include "golden/golden.hpp"
#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using features = nn::features<float, cpu>;
using ops::conv_algorithm;

namespace {

const std::string content_tap = "relu4_2";
const std::vector<std::string> style_taps{"relu1_1", "relu2_1", "relu3_1", "relu4_1"};

const nn::network& small_vgg() {
    static const auto network = weights::built_in();
    return network;
}

struct variant {
    std::string name;
    ops::pool_options pooling{};
    ops::border border = ops::border::zero;
};
const variant variants[] = {{"max"},
                            {"average", {ops::pooling::average, 2}},
                            {"l2", {ops::pooling::l2, 0.78f}},
                            {"replicate", {}, ops::border::replicate}};

std::vector<double> expected(const std::string& key) {
    const auto& values = test::golden().at(key).values;
    return {values.begin(), values.end()};
}

tensor<float, cpu> picture(const std::string& key) {
    const auto& array = test::golden().at(key);
    tensor<float, cpu> t({1, array.extents[0], array.extents[1], array.extents[2]});
    std::copy(array.values.begin(), array.values.end(), t.begin());
    return t;
}

features plan(context<cpu>& ctx, const variant& v, conv_algorithm algorithm,
              std::vector<std::string> taps, const shape& size = {1, 3, 29, 43}) {
    return {ctx,
            small_vgg(),
            size,
            {.taps = std::move(taps),
             .view = {.pooling = v.pooling, .border = v.border, .convolution = {algorithm}}}};
}

tensor<float, cpu> gram_of(context<cpu>& ctx, tensor_view<const float, cpu> map) {
    tensor<float, cpu> g({1, 1, map.shape().c, map.shape().c});
    ops::gram(ctx, map, g);
    return g;
}

struct evaluation {
    double loss = 0;
    std::vector<double> terms;
    tensor<float, cpu> gradient{{1, 3, 29, 43}};
};

/// Σ(F−P)²/ΣP² and its gradient.
evaluation content(context<cpu>& ctx, const variant& v, conv_algorithm algorithm) {
    auto network = plan(ctx, v, algorithm, {content_tap});
    network.forward(ctx, picture("content"));
    tensor<float, cpu> target(network.tap_shape(0), ctx.feature_layout());
    ops::copy(ctx, network.tap(0), target);
    evaluation e;
    network.forward(ctx, picture("picture"));
    network.backward(
        ctx,
        [&](std::size_t, auto map, auto gradient) {
            const double scale = 1 / ops::dot(ctx, target, target);
            e.loss = scale * ops::squared_error(ctx, map, target, scale, gradient);
        },
        e.gradient);
    return e;
}

/// Σ(G/M − A/Mₐ)² / Σ(A/Mₐ)² at each style tap, their mean, and its gradient.
evaluation style(context<cpu>& ctx, const variant& v, conv_algorithm algorithm) {
    auto painting = plan(ctx, v, algorithm, style_taps, {1, 3, 23, 31});
    painting.forward(ctx, picture("style"));
    auto network = plan(ctx, v, algorithm, style_taps);
    evaluation e;
    e.terms.resize(style_taps.size());
    network.forward(ctx, picture("picture"));
    network.backward(
        ctx,
        [&](std::size_t tap, auto map, auto gradient) {
            const auto g = gram_of(ctx, map), a = gram_of(ctx, painting.tap(tap));
            const auto m = static_cast<double>(map.shape().pixels());
            const auto m_a = static_cast<double>(painting.tap_shape(tap).pixels());
            double difference = 0, norm = 0;
            tensor<float, cpu> d(g.shape());
            for (std::int64_t i = 0; i < g.size(); ++i) {
                const double wanted = static_cast<double>(a.data()[i]) / m_a;
                const double off = static_cast<double>(g.data()[i]) / m - wanted;
                difference += off * off;
                norm += wanted * wanted;
                d.data()[i] = static_cast<float>(off);
            }
            e.terms[tap] = difference / norm;
            e.loss += e.terms[tap] / 4;
            // ∂E/∂G + ∂E/∂Gᵀ = 2 · 2 (G/M − A/Mₐ) / (M Σ(A/Mₐ)²), for a quarter of each term.
            ops::scale(ctx, static_cast<float>(4 / (m * norm) / 4), d);
            ops::gram_backward(ctx, map, d, gradient);
        },
        e.gradient);
    return e;
}

std::vector<double> values(const tensor<float, cpu>& t) {
    return {t.begin(), t.end()};
}

}  // namespace

TEST_CASE("every activation and Gram matrix is PyTorch's") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    const auto algorithm = GENERATE(conv_algorithm::direct, conv_algorithm::fastest);
    const double tolerance = algorithm == conv_algorithm::direct ? 2e-6 : 1e-5;
    const std::vector<std::string> taps{"relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1",
                                        "relu3_2", "relu3_3", "relu4_1", "relu4_2"};
    auto network = plan(ctx, variants[0], algorithm, taps);
    network.forward(ctx, picture("picture"));
    for (std::size_t t = 0; t < taps.size(); ++t) {
        CAPTURE(taps[t], algorithm == conv_algorithm::direct);
        const auto& extents = test::golden().at("max." + taps[t]).extents;
        REQUIRE(network.tap_shape(t) == shape{1, extents[0], extents[1], extents[2]});
        const auto found = to_map(ctx, network.tap(t)).values;
        CHECK(relative_error(found, expected("max." + taps[t])) < tolerance);
        CHECK(worst_error(found, expected("max." + taps[t])) < tolerance);
        if (std::ranges::count(style_taps, taps[t]) > 0) {
            const auto gram = values(gram_of(ctx, network.tap(t)));
            CHECK(relative_error(gram, expected("max.gram." + taps[t])) < tolerance);
        }
    }
}

TEST_CASE("other poolings and borders are PyTorch's too") {
    context<cpu> ctx({.threads = 2});
    const auto algorithm = GENERATE(conv_algorithm::direct, conv_algorithm::fastest);
    const double tolerance = algorithm == conv_algorithm::direct ? 2e-6 : 1e-5;
    for (const auto& v : variants) {
        CAPTURE(v.name, algorithm == conv_algorithm::direct);
        auto network = plan(ctx, v, algorithm, {content_tap});
        network.forward(ctx, picture("picture"));
        const auto found = to_map(ctx, network.tap(0)).values;
        CHECK(relative_error(found, expected(v.name + "." + content_tap)) < tolerance);
    }
}

TEST_CASE("content and style losses and their gradients are PyTorch's") {
    context<cpu> ctx({.threads = 2});
    const auto algorithm = GENERATE(conv_algorithm::direct, conv_algorithm::fastest);
    const bool direct = algorithm == conv_algorithm::direct;
    const double loss_tolerance = direct ? 1e-6 : 1e-5, tolerance = direct ? 2e-5 : 1e-3;
    for (const auto& v : variants) {
        CAPTURE(v.name, direct);
        const auto of_content = content(ctx, v, algorithm), of_style = style(ctx, v, algorithm);
        const auto key = v.name + ".relative.";
        CHECK(of_content.loss == Approx(expected(key + "content")[0]).epsilon(loss_tolerance));
        for (std::size_t t = 0; t < style_taps.size(); ++t)
            CHECK(of_style.terms[t] ==
                  Approx(expected(key + "style." + style_taps[t])[0]).epsilon(loss_tolerance));
        CHECK(relative_error(values(of_content.gradient), expected(key + "content.gradient")) <
              tolerance);
        CHECK(relative_error(values(of_style.gradient), expected(key + "style.gradient")) <
              tolerance);
    }
}
