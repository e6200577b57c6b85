#include <impasto/ops/pool2d.hpp>

#include <catch2/catch.hpp>

#include "support/feature_types.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;
using ops::pooling;

namespace {

const ops::pool_options kinds[] = {
    {pooling::max, 1}, {pooling::max, 0.7f}, {pooling::average, 2}, {pooling::l2, 0.78f}};

template <class T>
struct result {
    tensor<T, cuda> output;
    tensor<std::uint8_t, cuda> argmax;
    tensor<T, cuda> d_input;
};

template <class T>
result<T> run(context<cuda>& ctx, ops::pool_options options, const map<double>& input,
              const map<double>& d_output) {
    const auto x = to_device<T>(ctx, input);
    const auto small = ops::pooled(x.shape());
    result<T> r{unwritten<T>(ctx, small),
                tensor<std::uint8_t, cuda>({1, 1, 1, ops::argmax_bytes(small, layout::nhwc)}),
                unwritten<T>(ctx, x.shape())};
    ops::pool2d(ctx, options, x, r.output, r.argmax);
    ops::pool2d_backward(ctx, options, {.argmax = r.argmax, .input = x, .output = r.output},
                         to_device<T>(ctx, d_output), r.d_input);
    return r;
}

/// Few values, so that many windows have more than one maximum.
map<double> with_ties(std::int64_t c, std::int64_t h, std::int64_t w) {
    auto m = random_map(c, h, w, 3, 0, 4);
    for (double& v : m.values)
        v = std::floor(v) / 2;
    return m;
}

}  // namespace

TEMPLATE_TEST_CASE("pooling on the GPU agrees with the reference, forward and backward", "", float,
                   half, bfloat16) {
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& options : kinds)
            for (const auto& s : device_shapes) {
                CAPTURE(static_cast<int>(options.kind), to_string(s));
                const auto x = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
                const auto d = rounded_to<TestType>(random_map(s.c, s.h / 2, s.w / 2, 2));
                const auto r = run<TestType>(ctx, options, x, d);
                CHECK(relative_error(to_map(ctx, r.output).values,
                                     reference::pool2d(x, options).values) < tolerance<TestType>);
                CHECK(relative_error(to_map(ctx, r.d_input).values,
                                     reference::pool2d_backward(x, d, options).values) <
                      tolerance<TestType>);
            }
    });
}

TEST_CASE("of equal maxima the first takes the gradient on the GPU too") {
    context<cuda> ctx;
    const auto x = with_ties(40, 9, 11);
    const auto d = random_map(40, 4, 5, 2);
    const auto r = run<float>(ctx, {}, x, d);
    CHECK(to_map(ctx, r.d_input).values == reference::pool2d_backward(x, d, {}).values);
}

TEST_CASE("an argmax on the GPU has channel c at bit 2·(c mod 4) of byte c/4") {
    context<cuda> ctx;
    map<double> x(17, 2, 2);
    x.at(1, 0, 1) = x.at(6, 1, 0) = x.at(16, 1, 1) = 1;
    const auto r = run<half>(ctx, {}, x, map<double>(17, 1, 1));
    const auto argmax = to_host(ctx, r.argmax);
    const std::vector<int> expected{1 << 2, 2 << 4, 0, 0, 3, 0, 0, 0};
    CHECK(std::vector<int>(argmax.begin(), argmax.end()) == expected);
}

TEST_CASE(
    "an L2 window that is all zero passes no gradient on the GPU, and a tiny one a finite one") {
    context<cuda> ctx;
    const ops::pool_options l2{pooling::l2, 0.78f};
    for (const double tiny : {0.0, 1e-15, 1e-19, 1e-21, 1e-23, 1e-40}) {
        CAPTURE(tiny);
        map<double> x(1, 2, 2);
        x.values = {tiny, 0, tiny, 0};
        const auto r = run<float>(ctx, l2, x, map<double>(1, 1, 1, 1.0));
        for (const double v : to_map(ctx, r.d_input).values)
            CHECK(std::abs(v) <= (tiny > 0 ? 1 : 0));
    }
}

TEST_CASE("max pooling on the GPU without an argmax gives the same map") {
    context<cuda> ctx;
    const auto x = to_device<half>(ctx, random_map(40, 9, 11, 1));
    auto with = unwritten<half>(ctx, ops::pooled(x.shape()));
    auto without = unwritten<half>(ctx, ops::pooled(x.shape()));
    tensor<std::uint8_t, cuda> argmax({1, 1, 1, ops::argmax_bytes(with.shape(), layout::nhwc)});
    ops::pool2d(ctx, {}, x, with, argmax);
    ops::pool2d(ctx, {}, x, without, {});
    CHECK(same_bytes(to_host(ctx, with), to_host(ctx, without)));
}

TEST_CASE("pooling on the GPU refuses what disagrees") {
    context<cuda> ctx;
    tensor<half, cuda> x({1, 8, 5, 7}, layout::nhwc), small({1, 8, 2, 3}, layout::nhwc);
    tensor<half, cuda> wrong({1, 8, 3, 4}, layout::nhwc), planar({1, 8, 2, 3});
    tensor<std::uint8_t, cuda> argmax({1, 1, 1, 23});
    CHECK_THROWS_WITH(ops::pool2d(ctx, {}, x, wrong, {}),
                      "pool2d: output: expected [1,8,2,3], found [1,8,3,4]");
    CHECK_THROWS_WITH(ops::pool2d(ctx, {}, x, planar, {}),
                      "pool2d: output: expected layout nhwc, found nchw");
    CHECK_THROWS_WITH(ops::pool2d(ctx, {}, x, small, argmax),
                      "pool2d: argmax: expected [1,1,1,24], found [1,1,1,23]");
    CHECK_THROWS_AS(ops::pool2d_backward(ctx, {}, {}, small, x), shape_error);
    CHECK_THROWS_AS(ops::pool2d_backward(ctx, {pooling::l2}, {}, small, x), shape_error);
}
