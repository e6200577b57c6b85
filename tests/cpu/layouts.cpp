// What is the CPU's alone: maps in planes of interleaved channels, the last padded with zeros.

#include <algorithm>

#include <catch2/catch.hpp>

#include <impasto/ops/gram.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/pool2d.hpp>

#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

TEST_CASE("a blocked layout interleaves the channels of a block") {
    context<cpu> ctx;
    map<double> m(10, 1, 2);
    for (std::size_t i = 0; i < m.values.size(); ++i)
        m.values[i] = static_cast<double>(i);  // channel k, pixel p: 2k + p
    const auto t = to_tensor(ctx, m, layout::nchw8c);
    REQUIRE(t.size() == 32);
    CHECK(t.data()[0] == 0);
    CHECK(t.data()[1] == 2);    // channel 1, pixel 0
    CHECK(t.data()[8] == 1);    // channel 0, pixel 1
    CHECK(t.data()[17] == 18);  // channel 9, pixel 0
    CHECK(t.data()[18] == 0);   // padding
}

TEST_CASE("reorder of several images zeroes the padding between any two layouts") {
    context<cpu> ctx({.threads = 2});
    for (const auto from : layouts)
        for (const auto to : layouts)
            for (auto s : odd_shapes) {
                s.n = 2;
                CAPTURE(to_string(from), to_string(to), to_string(s));
                tensor<float, cpu> planar(s);
                for (std::int64_t i = 0; i < planar.size(); ++i)
                    planar.data()[i] = static_cast<float>(i + 1);
                auto there = filled(s, from, not_a_number), between = filled(s, to, not_a_number);
                auto back = filled(s, layout::nchw, not_a_number);
                ops::reorder(ctx, planar, there);
                ops::reorder(ctx, there, between);
                ops::reorder(ctx, between, back);
                CHECK(same_bytes(planar, back));
                CHECK(std::count(between.begin(), between.end(), 0.0f) ==
                      between.size() - planar.size());
            }
}

TEST_CASE("gram leaves the padding channels alone and does not read them") {
    context<cpu> ctx({.threads = 2});
    const auto f = random_map(5, 7, 3, 1);
    auto features = to_tensor(ctx, f, layout::nchw16c);
    for (std::int64_t p = 0; p < 7 * 3; ++p)
        std::fill_n(features.data() + p * 16 + 5, 11, not_a_number);
    auto g = filled({1, 1, 5, 5}, layout::nchw, not_a_number);
    ops::gram(ctx, features, g);
    CHECK(worst_error(to_map(ctx, g).values, reference::gram(f)) < 1e-6);

    auto gradient = filled(features.shape(), features.layout(), 3);
    ops::gram_backward(ctx, features, g, gradient);
    for (std::int64_t p = 0; p < 7 * 3; ++p)
        CHECK(std::count(gradient.data() + p * 16 + 5, gradient.data() + (p + 1) * 16, 3.0f) == 11);
}

TEST_CASE("normalize_pixels_backward does not read the padding channels") {
    context<cpu> ctx;
    for (const auto order : feature_layouts) {
        const auto d = random_map(3, 7, 5, 2);
        auto d_input = to_tensor(ctx, d, order);
        const auto block = channel_block(order);
        for (std::int64_t i = 0; i < 7 * 5; ++i)
            std::fill_n(d_input.data() + i * block + 3, block - 3, not_a_number);
        auto d_pixels = filled({1, 3, 5, 3}, layout::nchw, not_a_number);
        ops::normalize_pixels_backward(ctx, {}, ops::border::replicate, d_input, d_pixels);
        const auto expected =
            reference::normalize_pixels_backward(d, {1, 3, 5, 3}, {}, ops::border::replicate);
        CHECK(worst_error(to_map(ctx, d_pixels).values, expected.values) < 1e-6);
    }
}

TEST_CASE("pooling leaves zeros in the padding channels, forward and backward") {
    context<cpu> ctx;
    for (const auto kind : {ops::pooling::max, ops::pooling::average, ops::pooling::l2})
        for (const auto order : feature_layouts) {
            const auto x = to_tensor(ctx, random_map(5, 7, 9, 1), order);
            auto y = filled(ops::pooled(x.shape()), order, not_a_number);
            auto d_x = filled(x.shape(), order, not_a_number);
            tensor<std::uint8_t, cpu> argmax({1, 1, 1, ops::argmax_bytes(y.shape(), order)});
            ops::pool2d(ctx, {kind}, x, y, argmax);
            ops::pool2d_backward(ctx, {kind}, {.argmax = argmax, .input = x, .output = y},
                                 to_tensor(ctx, random_map(5, 3, 4, 2), order), d_x);
            const auto block = channel_block(order);
            for (const auto* t : {&y, &d_x})
                for (std::int64_t pixel = 0; pixel < t->shape().pixels(); ++pixel)
                    for (auto k = pixel * block + 5; k < (pixel + 1) * block; ++k)
                        CHECK(t->data()[k] == 0);
        }
}
