#include <impasto/ops/gram.hpp>

#include <catch2/catch.hpp>

#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

/// Beside the odd ones: many runs of pixels, and more channels than a run has pixels.
std::vector<shape> gram_shapes() {
    auto shapes = odd_shapes;
    shapes.push_back({1, 128, 29, 53});
    shapes.push_back({1, 150, 9, 11});
    return shapes;
}

tensor<float, cpu> square(std::int64_t channels) {
    return filled({1, 1, channels, channels}, layout::nchw, not_a_number);
}

std::vector<double> symmetric(std::int64_t channels, unsigned seed) {
    auto d = random_values(static_cast<std::size_t>(channels * channels), seed);
    for (std::int64_t i = 0; i < channels; ++i)
        for (std::int64_t j = 0; j < i; ++j)
            d[static_cast<std::size_t>(i * channels + j)] =
                d[static_cast<std::size_t>(j * channels + i)];
    return d;
}

}  // namespace

TEST_CASE("gram is symmetric and matches F·Fᵀ") {
    context<cpu> ctx({.threads = GENERATE(1, 2, 3)});
    for (const auto order : layouts)
        for (const auto& s : gram_shapes()) {
            CAPTURE(to_string(order), to_string(s));
            const auto f = random_map(s.c, s.h, s.w, 1);
            auto g = square(s.c);
            ops::gram(ctx, to_tensor(ctx, f, order), g);
            // Up to 1537 products of either sign in float; the largest sum is on the diagonal.
            CHECK(worst_error(to_map(ctx, g).values, reference::gram(f)) < 1e-6);
            bool symmetric = true;
            for (std::int64_t i = 0; i < s.c; ++i)
                for (std::int64_t j = 0; j < i; ++j)
                    symmetric &= g.data()[i * s.c + j] == g.data()[j * s.c + i];
            CHECK(symmetric);
        }
}

TEST_CASE("gram_backward adds D·F to the gradient") {
    context<cpu> ctx({.threads = GENERATE(1, 2, 3)});
    for (const auto order : layouts)
        for (const auto& s : gram_shapes()) {
            CAPTURE(to_string(order), to_string(s));
            const auto f = random_map(s.c, s.h, s.w, 1), start = random_map(s.c, s.h, s.w, 2);
            const auto d = symmetric(s.c, 3);
            auto gradient = to_tensor(ctx, start, order);
            ops::gram_backward(ctx, to_tensor(ctx, f, order), to_tensor(d, {1, 1, s.c, s.c}),
                               gradient);
            auto expected = reference::gram_backward(f, d);
            for (std::size_t i = 0; i < expected.values.size(); ++i)
                expected.values[i] += start.values[i];
            CHECK(worst_error(to_map(ctx, gradient).values, expected.values) < 1e-6);
        }
}

TEST_CASE("gram leaves the padding channels alone and does not read them") {
    context<cpu> ctx({.threads = 2});
    const auto f = random_map(5, 7, 3, 1);
    auto features = to_tensor(ctx, f, layout::nchw16c);
    for (std::int64_t p = 0; p < 7 * 3; ++p)
        std::fill_n(features.data() + p * 16 + 5, 11, not_a_number);
    auto g = square(5);
    ops::gram(ctx, features, g);
    CHECK(worst_error(to_map(ctx, g).values, reference::gram(f)) < 1e-6);

    auto gradient = filled(features.shape(), features.layout(), 3);
    ops::gram_backward(ctx, features, g, gradient);
    for (std::int64_t p = 0; p < 7 * 3; ++p)
        CHECK(std::count(gradient.data() + p * 16 + 5, gradient.data() + (p + 1) * 16, 3.0f) == 11);
}

TEST_CASE("the reference's gram_backward is the gradient of a function of its gram") {
    const auto f = random_map(4, 3, 5, 4);
    const auto w = random_values(16, 5);  // E = Σ w·G, so ∂E/∂G + ∂E/∂Gᵀ = w + wᵀ
    auto d = w;
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < 4; ++j)
            d[i * 4 + j] += w[j * 4 + i];
    const auto loss = [&](const std::vector<double>& values) {
        auto features = f;
        features.values = values;
        return reference::dot(reference::gram(features), w);
    };
    CHECK(relative_error(reference::gram_backward(f, d).values,
                         reference::numeric_gradient(loss, f.values)) < 1e-8);
}

TEST_CASE("gram gives the same bytes every time") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    const auto f = to_tensor(ctx, random_map(96, 29, 53, 6), layout::nchw16c);
    auto g = square(96);
    ops::gram(ctx, f, g);
    auto gradient = filled(f.shape(), f.layout(), 0);
    ops::gram_backward(ctx, f, g, gradient);
    for (int i = 0; i < 5; ++i) {
        auto again = square(96);
        ops::gram(ctx, f, again);
        CHECK(same_bytes(g, again));
        auto gradient_again = filled(f.shape(), f.layout(), 0);
        ops::gram_backward(ctx, f, g, gradient_again);
        CHECK(same_bytes(gradient, gradient_again));
    }
}

TEST_CASE("gram needs no more scratch than it says") {
    for (const auto& s : gram_shapes()) {
        CAPTURE(to_string(s));
        context<cpu> ctx({.threads = 3});
        const auto f = to_tensor(ctx, random_map(s.c, s.h, s.w, 7), layout::nchw8c);
        auto g = square(s.c);
        auto gradient = filled(s, layout::nchw8c, 0);
        const auto said = ops::gram_scratch_bytes(ctx, s);
        ctx.reserve(said);
        ops::gram(ctx, f, g);
        ops::gram_backward(ctx, f, g, gradient);
        CHECK(ctx.reserved_bytes() == said);
    }
}

TEST_CASE("gram refuses what disagrees, with both shapes") {
    context<cpu> ctx;
    const auto f = filled({1, 16, 3, 5}, layout::nchw16c, 1);
    auto g = square(16), small = square(8);
    auto gradient = filled({1, 16, 5, 3}, layout::nchw16c, 0);
    CHECK_THROWS_WITH(ops::gram(ctx, f, small),
                      Catch::Contains("[1,16,3,5]") && Catch::Contains("[1,1,8,8]"));
    CHECK_THROWS_WITH(ops::gram_backward(ctx, f, small, gradient),
                      Catch::Contains("[1,16,3,5]") && Catch::Contains("[1,1,8,8]"));
    CHECK_THROWS_WITH(ops::gram_backward(ctx, f, g, gradient),
                      "gram_backward: gradient: expected [1,16,3,5], found [1,16,5,3]");
    const auto two = filled({2, 16, 3, 5}, layout::nchw16c, 1);
    CHECK_THROWS_WITH(ops::gram(ctx, two, g), Catch::Contains("[2,16,3,5]"));
}
