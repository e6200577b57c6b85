#include <catch2/catch.hpp>

#include <impasto/nn/features.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/weights/weights.hpp>

#include "support/counted_new.hpp"

using namespace impasto;

TEST_CASE("a loop of forward and backward allocates no buffers") {
    context<cpu> ctx({.threads = 2});
    const auto network = weights::built_in();
    const auto algorithm = GENERATE(ops::conv_algorithm::fastest, ops::conv_algorithm::direct);
    const auto kind = GENERATE(ops::pooling::max, ops::pooling::l2);
    const shape size{1, 3, 61, 83};
    nn::features<float, cpu> features(ctx, network, size,
                                      {.taps = {"relu1_1", "relu2_1", "relu3_1", "relu4_2"},
                                       .view = {.pooling = {kind, 1}, .convolution = {algorithm}}});
    tensor<float, cpu> pixels(size), d_pixels(size),
        target(features.tap_shape(3), ctx.feature_layout());
    ops::fill_uniform(ctx, 1, 0, 1, pixels);
    ops::fill(ctx, 0, target);
    std::vector<tensor<float, cpu>> grams;
    for (std::size_t t = 0; t < 4; ++t)
        grams.emplace_back(shape{1, 1, features.tap_shape(t).c, features.tap_shape(t).c});

    const auto evaluate = [&] {
        features.forward(ctx, pixels);
        features.backward(
            ctx,
            [&](std::size_t tap, auto map, auto gradient) {
                ops::gram(ctx, map, grams[tap]);
                ops::gram_backward(ctx, map, grams[tap], gradient);
                if (tap == 3)
                    (void)ops::squared_error(ctx, map, target, 1, gradient);
            },
            d_pixels);
    };
    evaluate();
    REQUIRE(support::large_allocations > 0);  // the counter sees tensors
    const long before = support::large_allocations;
    for (int i = 0; i < 5; ++i)
        evaluate();
    CHECK(support::large_allocations == before);
}

TEST_CASE("features that are resized to less allocate no buffers and lay out no filters") {
    context<cpu> ctx({.threads = 2});
    const auto network = weights::built_in();
    const auto algorithm = GENERATE(ops::conv_algorithm::fastest, ops::conv_algorithm::direct);
    nn::features<float, cpu> features(ctx, network, {1, 3, 61, 83},
                                      {.taps = {"relu4_2"}, .view = {.convolution = {algorithm}}});
    features.resize(ctx, network, {1, 3, 40, 75});
    const long before = support::large_allocations;
    features.resize(ctx, network, {1, 3, 61, 83});
    features.resize(ctx, network, {1, 3, 33, 12});
    CHECK(support::large_allocations == before);
}
