#include <impasto/nn/features.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/nn/rescale.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/weights/weights.hpp>

#include "support/device_maps.hpp"
#include "support/needs_cudnn.hpp"

using namespace impasto;
using support::map;
using support::to_device;
using support::to_host;

namespace {

// No multiple of any tile, and odd at every pool.
constexpr shape pixels_shape{1, 3, 17, 23};

const std::vector<std::string> taps{"relu1_1", "relu2_2", "relu3_1", "relu4_2"};

tensor<float, cpu> random_pixels(std::uint64_t seed) {
    context<cpu> ctx;
    tensor<float, cpu> x(pixels_shape);
    ops::fill_uniform(ctx, seed, 0, 1, x);
    return x;
}

/// Maps at the taps, times what makes them the network's own, and dJ/dpixels of J = Σ wₜ·Σ mapₜ²/2.
struct pass {
    std::vector<std::vector<double>> maps;
    std::vector<double> gradient;
};

constexpr double tap_weights[] = {1e-3, 2e-3, 3e-3, 4e-3};

std::vector<double> values(const map<double>& m, double scale) {
    auto result = m.values;
    for (double& value : result)
        value *= scale;
    return result;
}

pass on_cpu(const nn::network& net, const nn::features_options& options) {
    context<cpu> ctx;
    nn::features<float, cpu> features(ctx, net, pixels_shape, options);
    features.forward(ctx, random_pixels(1));
    pass result;
    for (std::size_t t = 0; t < taps.size(); ++t)
        result.maps.push_back(support::to_map(ctx, features.tap(t)).values);
    tensor<float, cpu> gradient(pixels_shape);
    features.backward(
        ctx,
        [&](std::size_t t, tensor_view<const float, cpu> features_here, auto d) {
            ops::axpy(ctx, static_cast<float>(tap_weights[t]), features_here, d);
        },
        gradient);
    result.gradient.assign(gradient.begin(), gradient.end());
    return result;
}

template <class T>
pass on_gpu(const nn::network& net, const nn::features_options& options, double gradient_scale,
            shape planned_first = pixels_shape) {
    context<cuda> ctx;
    nn::features<T, cuda> features(ctx, net, planned_first, options);
    if (!(planned_first == pixels_shape))
        features.resize(ctx, net, pixels_shape);
    features.forward(ctx, to_device(ctx, random_pixels(1)));
    pass result;
    for (std::size_t t = 0; t < taps.size(); ++t)
        result.maps.push_back(values(support::to_map(ctx, features.tap(t)), features.tap_scale(t)));
    tensor<float, cuda> gradient(pixels_shape);
    features.backward(
        ctx,
        [&](std::size_t t, tensor_view<const stored<T>, cuda> features_here,
            tensor_view<stored<T>, cuda> d) {
            // d(map²/2) by the stored map: its own scale, squared; by the host, for there is no
            // axpy of 16 bits.
            const double s = features.tap_scale(t);
            const auto host = to_host(ctx, features_here);
            auto sum = to_host(ctx, tensor_view<const stored<T>, cuda>(d));
            for (std::int64_t i = 0; i < sum.size(); ++i)
                sum.data()[i] = stored<T>(static_cast<float>(
                    static_cast<double>(static_cast<float>(sum.data()[i])) +
                    gradient_scale * tap_weights[t] * s * s *
                        static_cast<double>(static_cast<float>(host.data()[i]))));
            ops::upload(ctx, sum.view(), d);
        },
        gradient, gradient_scale);
    const auto host = to_host(ctx, gradient);
    result.gradient.assign(host.begin(), host.end());
    return result;
}

void check_agreement(const pass& found, const pass& expected, double most_of_maps,
                     double most_of_gradient) {
    for (std::size_t t = 0; t < taps.size(); ++t) {
        CAPTURE(taps[t]);
        CHECK(support::relative_error(found.maps[t], expected.maps[t]) < most_of_maps);
    }
    CHECK(support::relative_error(found.gradient, expected.gradient) < most_of_gradient);
}

nn::features_options options_with(ops::pooling kind, ops::border border) {
    return {
        .taps = taps,
        .view = {.pooling = {.kind = kind, .scale = kind == ops::pooling::average ? 2.0f : 1.0f},
                 .border = border,
                 .convolution = {ops::conv_algorithm::direct}}};
}

nn::network fitted(const nn::network& net) {
    const std::vector<int> exponents{3, -2, 1, 0, 5, 2, -1, 4, 3};
    return nn::rescaled(net, exponents);
}

}  // namespace

TEST_CASE("float32 features and their gradient on a GPU are the CPU's") {
    const auto net = weights::built_in();
    for (const auto kind : {ops::pooling::max, ops::pooling::average, ops::pooling::l2}) {
        CAPTURE(static_cast<int>(kind));
        const auto options = options_with(kind, ops::border::replicate);
        check_agreement(on_gpu<float>(net, options, 1), on_cpu(net, options), 1e-5, 1e-5);
    }
    const auto options = options_with(ops::pooling::max, ops::border::zero);
    check_agreement(on_gpu<float>(net, options, 1), on_cpu(net, options), 1e-5, 1e-5);
}

TEST_CASE("TF32 features and their gradient on a GPU are nearly the CPU's") {
    const auto net = weights::built_in();
    const auto options = options_with(ops::pooling::average, ops::border::replicate);
    const auto expected = on_cpu(net, options);
    check_agreement(on_gpu<tf32>(net, options, 1), expected, 1e-3, 5e-3);
}

TEMPLATE_TEST_CASE("16-bit features and their gradient on a GPU are nearly the CPU's", "", half,
                   bfloat16) {
    // Each map is rounded once on the way up and once on the way down: errors of 2⁻¹² and 2⁻⁹ that
    // add up over nine layers as independent ones do.
    constexpr bool is_half = std::is_same_v<TestType, half>;
    const auto net = weights::built_in();
    const auto options = options_with(ops::pooling::average, ops::border::replicate);
    check_agreement(on_gpu<TestType>(net, options, is_half ? 1024 : 1), on_cpu(net, options),
                    is_half ? 1.5e-3 : 1e-2, is_half ? 5e-3 : 5e-2);
}

TEST_CASE("features by cuDNN and their gradient are the CPU's, whatever the pool") {
    context<cuda> ctx;
    if (!support::finds_cudnn(ctx))
        return;
    const auto net = weights::built_in();
    for (const auto kind : {ops::pooling::max, ops::pooling::average, ops::pooling::l2}) {
        CAPTURE(static_cast<int>(kind));
        auto options = options_with(kind, ops::border::replicate);
        const auto expected = on_cpu(net, options);
        options.view.convolution.engine = ops::conv_engine::cudnn;
        check_agreement(on_gpu<float>(net, options, 1), expected, 1e-5, 1e-5);
    }
    // 16 bits by averages, for which of two is the maximum may be a matter of rounding; so are a
    // few gates, of sums that are nearly zero, and those are most of a gradient's error.
    auto options = options_with(ops::pooling::average, ops::border::zero);
    const auto expected = on_cpu(net, options);
    options.view.convolution.engine = ops::conv_engine::cudnn;
    check_agreement(on_gpu<float>(net, options, 1, {1, 3, 8, 9}), expected, 1e-5, 1e-5);
    check_agreement(on_gpu<half>(net, options, 1024), expected, 3e-3, 5e-2);
    check_agreement(on_gpu<bfloat16>(net, options, 1), expected, 2e-2, 1e-1);
}

TEST_CASE("a rescaled network sees the same, with other exponents") {
    const auto net = weights::built_in();
    const auto options = options_with(ops::pooling::max, ops::border::zero);
    const auto expected = on_gpu<float>(net, options, 1);
    const auto found = on_gpu<float>(fitted(net), options, 0x1p10);
    CHECK(found.maps == expected.maps);  // powers of two are exact
    CHECK(support::relative_error(found.gradient, expected.gradient) < 1e-6);
}

TEST_CASE("features resized on a GPU are those made for that size") {
    const auto net = weights::built_in();
    const auto options = options_with(ops::pooling::max, ops::border::zero);
    const auto expected = on_gpu<float>(net, options, 1);
    for (const shape& first : {shape{1, 3, 30, 41}, shape{1, 3, 8, 9}}) {
        const auto found = on_gpu<float>(net, options, 1, first);
        CHECK(found.maps == expected.maps);
        CHECK(found.gradient == expected.gradient);
    }
}

TEST_CASE("exponents bring the largest activations just below a bound") {
    const float largest[] = {0.5f, 1023, 1024, 1e5f, 0};
    const auto exponents = nn::exponents_for(largest, 1024);
    CHECK(exponents == std::vector<int>{-10, 0, 1, 7, 0});
}

TEST_CASE("the largest activations are those of the float32 network, over all pictures") {
    context<cuda> ctx;
    const auto net = weights::built_in();
    const auto a = to_device(ctx, random_pixels(1)), b = to_device(ctx, random_pixels(2));
    const std::vector<tensor_view<const float, cuda>> one{a}, both{a, b};
    const auto options = options_with(ops::pooling::max, ops::border::zero);
    const auto of_one = nn::largest_activations<cuda>(ctx, net, 3, one, options);
    const auto of_both = nn::largest_activations<cuda>(ctx, net, 3, both, options);
    REQUIRE(of_both.size() == 3);  // conv1_1, conv1_2, pool1, conv2_1
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(of_one[i] > 0);
        CHECK(of_both[i] >= of_one[i]);
    }
}
