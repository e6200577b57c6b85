#include <impasto/ops/gram.hpp>

#include <catch2/catch.hpp>

#include <impasto/ops/scalars.hpp>

#include "support/feature_types.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

/// Beside the other tests' extents: more than one tile of channels, and more than one run of
/// pixels.
std::vector<shape> gram_shapes() {
    auto shapes = device_shapes;
    shapes.push_back({1, 136, 3, 5});
    shapes.push_back({1, 8, 37, 41});
    return shapes;
}

std::vector<double> values_of(context<cuda>& ctx, const tensor<float, cuda>& t) {
    const auto host = to_host(ctx, t);
    return {host.begin(), host.end()};
}

/// Symmetric, over many powers of two, as the differences of Gram matrices are.
std::vector<double> random_d_gram(std::int64_t channels) {
    auto d = random_values(static_cast<std::size_t>(channels * channels), 5);
    for (std::int64_t i = 0; i < channels; ++i)
        for (std::int64_t j = 0; j <= i; ++j) {
            auto& upper = d[static_cast<std::size_t>(j * channels + i)];
            upper = std::ldexp(upper, -static_cast<int>((i + j) % 40));
            d[static_cast<std::size_t>(i * channels + j)] = upper;
        }
    return d;
}

tensor<float, cuda> matrix(context<cuda>& ctx, const std::vector<double>& values,
                           std::int64_t channels) {
    return to_device(ctx, to_tensor(values, {1, 1, channels, channels}));
}

}  // namespace

TEMPLATE_TEST_CASE("a Gram matrix on the GPU is the reference's and symmetric", "", float, half,
                   bfloat16) {
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& s : gram_shapes()) {
            CAPTURE(to_string(s));
            const auto f = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
            auto gram = unwritten<float>(ctx, {1, 1, s.c, s.c}, layout::nchw);
            ops::gram(ctx, to_device<TestType>(ctx, f), gram);
            const auto found = values_of(ctx, gram);
            // The products of what is stored are exact: only sums in float round.
            CHECK(relative_error(found, reference::gram(f)) < 1e-5);
            for (std::int64_t i = 0; i < s.c; ++i)
                for (std::int64_t j = 0; j < i; ++j)
                    REQUIRE(found[static_cast<std::size_t>(i * s.c + j)] ==
                            found[static_cast<std::size_t>(j * s.c + i)]);
        }
    });
}

TEMPLATE_TEST_CASE("a Gram matrix's gradient on the GPU is the reference's, added", "", float, half,
                   bfloat16) {
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& s : gram_shapes()) {
            CAPTURE(to_string(s));
            const auto f = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
            const auto g = rounded_to<TestType>(random_map(s.c, s.h, s.w, 2));
            const auto d = random_d_gram(s.c);
            auto gradient = to_device<TestType>(ctx, g);
            ops::gram_backward(ctx, to_device<TestType>(ctx, f), matrix(ctx, d, s.c), gradient);
            auto expected = reference::gram_backward(f, d).values;
            for (std::size_t i = 0; i < expected.size(); ++i)
                expected[i] += g.values[i];
            CHECK(relative_error(to_map(ctx, gradient).values, expected) < tolerance<TestType>);
        }
    });
}

TEST_CASE("scaling half features by a power of two scales their Gram matrix exactly") {
    context<cuda> ctx;
    // Nothing below 2⁻³, so that no scaled value is subnormal.
    const auto f = rounded_to<half>(random_map(72, 5, 7, 1, 0.125, 1));
    auto scaled = f;
    for (double& v : scaled.values)
        v *= 0x1p-7;
    tensor<float, cuda> gram({1, 1, 72, 72}), small({1, 1, 72, 72});
    ops::gram(ctx, to_device<half>(ctx, f), gram);
    ops::gram(ctx, to_device<half>(ctx, scaled), small);
    auto expected = values_of(ctx, gram);
    for (double& v : expected)
        v *= 0x1p-14;
    CHECK(values_of(ctx, small) == expected);
}

TEST_CASE("a Gram matrix of half features beyond half's range is finite") {
    context<cuda> ctx;
    tensor<float, cuda> gram({1, 1, 8, 8});
    ops::gram(ctx, to_device<half>(ctx, map<double>(8, 5, 7, 60000.0)), gram);
    for (const double value : values_of(ctx, gram))
        CHECK(value == Approx(35 * std::pow(59999.0, 2)).epsilon(1e-3));
}

TEST_CASE("the error of Gram matrices on the GPU is the reference's, in place too") {
    context<cuda> ctx;
    ops::scalars<cuda> sums(ctx, 2);
    in_every_order([&] {
        for (const std::int64_t c : {1, 40, 72}) {
            CAPTURE(c);
            const auto count = static_cast<std::size_t>(c * c);
            const auto g = random_values(count, 1), a = random_values(count, 2);
            std::vector<double> expected(count);
            double error = 0;
            for (std::size_t i = 0; i < count; ++i) {
                expected[i] = 0.7 * (0.25 * g[i] - a[i]);
                error += std::pow(0.25 * g[i] - a[i], 2);
            }
            auto gram = matrix(ctx, g, c);
            const auto target = matrix(ctx, a, c);
            ops::gram_error(ctx, gram, 0.25, target, 0.7, {}, sums.slots(0));
            ops::gram_error(ctx, gram, 0.25, target, 0.7, gram, sums.slots(1));
            CHECK(sums.read(ctx)[0] == Approx(error).epsilon(1e-12));
            CHECK(sums.read(ctx)[1] == Approx(error).epsilon(1e-12));
            CHECK(relative_error(values_of(ctx, gram), expected) < 1e-7);
        }
    });
}

TEST_CASE("Gram matrices on the GPU refuse what disagrees") {
    context<cuda> ctx;
    tensor<half, cuda> features({1, 8, 3, 5}, layout::nhwc), planar({1, 8, 3, 5});
    tensor<half, cuda> other({1, 8, 5, 3}, layout::nhwc);
    tensor<float, cuda> gram({1, 1, 8, 8}), wrong({1, 1, 8, 9});
    CHECK_THROWS_WITH(ops::gram(ctx, features, wrong),
                      "gram: features [1,8,3,5] and Gram matrix [1,1,8,9] disagree");
    CHECK_THROWS_WITH(ops::gram(ctx, planar, gram),
                      "gram: features: expected layout nhwc, found nchw");
    CHECK_THROWS_WITH(ops::gram_backward(ctx, features, gram, other),
                      "gram_backward: gradient: expected [1,8,3,5], found [1,8,5,3]");
}

TEST_CASE("the scratch for a Gram matrix is known before it is formed") {
    context<cuda> ctx;
    const shape s{1, 136, 3, 5};
    ctx.reserve(ops::gram_scratch_bytes(ctx, s));
    const auto reserved = ctx.reserved_bytes();
    tensor<float, cuda> gram({1, 1, s.c, s.c});
    ops::gram(ctx, to_device<half>(ctx, random_map(s.c, s.h, s.w, 1)), gram);
    CHECK(ctx.reserved_bytes() == reserved);
}
