#include <impasto/ops/pool2d.hpp>

#include <catch2/catch.hpp>

#include "support/engine.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;
using ops::pooling;

namespace {

const ops::pool_options kinds[] = {
    {pooling::max, 1}, {pooling::max, 0.7f}, {pooling::average, 2}, {pooling::l2, 0.78f}};

struct result {
    std::vector<double> output, d_input;
    tensor<std::uint8_t, cpu> argmax;
};

/// Forward and backward on memory full of NaN, so that what is not written shows.
template <class T>
result run(context<device>& ctx, ops::pool_options options, const map<double>& input,
           const map<double>& d_output, layout order) {
    const auto x = on_device<T>(ctx, input, order);
    const auto small = ops::pooled(x.shape());
    auto output = filled_on_device<T>(ctx, small, order);
    auto d_input = filled_on_device<T>(ctx, x.shape(), order);
    tensor<std::uint8_t, device> argmax;
    if (options.kind == pooling::max)
        argmax = tensor<std::uint8_t, device>({1, 1, 1, ops::argmax_bytes(small, order)});
    ops::pool2d<T>(ctx, options, x, output, argmax);
    ops::pool2d_backward<T>(ctx, options, {.argmax = argmax, .input = x, .output = output},
                            on_device<T>(ctx, d_output, order), d_input);
    return {to_map(ctx, output).values, to_map(ctx, d_input).values, host_copy(ctx, argmax)};
}

/// Few values, so that many windows have more than one maximum.
map<double> with_ties(std::int64_t c, std::int64_t h, std::int64_t w) {
    auto m = random_map(c, h, w, 3, 0, 4);
    for (double& v : m.values)
        v = std::floor(v) / 2;
    return m;
}

/// One window: a b above c d.
map<double> window(double a, double b, double c, double d) {
    map<double> m(1, 2, 2);
    m.values = {a, b, c, d};
    return m;
}

}  // namespace

TEMPLATE_TEST_CASE("pooling forward and backward agree with the reference at every size", "",
                   IMPASTO_PRODUCT_TYPES) {
    in_every_way([](context<device>& ctx) {
        for (const auto& options : kinds)
            for (const auto order : map_orders)
                for (const auto& s : shapes) {
                    CAPTURE(static_cast<int>(options.kind), to_string(order), to_string(s));
                    const auto x = rounded_to<stored<TestType>>(random_map(s.c, s.h, s.w, 1));
                    const auto d =
                        rounded_to<stored<TestType>>(random_map(s.c, s.h / 2, s.w / 2, 2));
                    const auto r = run<TestType>(ctx, options, x, d, order);
                    // Five roundings at most, none of them magnified.
                    CHECK(relative_error(r.output, reference::pool2d(x, options).values) <
                          elementwise<TestType>);
                    CHECK(relative_error(r.d_input,
                                         reference::pool2d_backward(x, d, options).values) <
                          elementwise<TestType>);
                }
    });
}

TEST_CASE("of equal maxima the first takes the gradient") {
    context<device> ctx;
    for (const auto order : map_orders) {
        const auto takes = [&](const map<double>& input) {
            const auto r = run<float>(ctx, {}, input, map<double>(1, 1, 1, 1.0), order);
            CHECK(std::count(r.d_input.begin(), r.d_input.end(), 0.0) == 3);
            return std::find(r.d_input.begin(), r.d_input.end(), 1.0) - r.d_input.begin();
        };
        CHECK(takes(window(1, 1, 1, 1)) == 0);
        CHECK(takes(window(0, 0, 0, 0)) == 0);
        CHECK(takes(window(0, 1, 1, 1)) == 1);
        CHECK(takes(window(0, 1, 0, 1)) == 1);
        CHECK(takes(window(0, 0, 1, 1)) == 2);
        CHECK(takes(window(1, 0, 0, 1)) == 0);
        CHECK(takes(window(0, 1, 1, 0)) == 1);
        CHECK(takes(window(-3, -2, -2, -1)) == 3);

        const auto x = with_ties(40, 9, 11);
        const auto d = random_map(40, 4, 5, 2);
        CHECK(run<float>(ctx, {}, x, d, order).d_input ==
              reference::pool2d_backward(x, d, {}).values);
    }
}

TEST_CASE("an L2 window that is all zero passes no gradient, and a tiny one a finite one") {
    context<device> ctx;
    const ops::pool_options l2{pooling::l2, 0.78f};
    for (const double tiny : {0.0, 1e-15, 1e-19, 1e-21, 1e-23, 1e-40}) {
        CAPTURE(tiny);
        const auto r =
            run<float>(ctx, l2, window(tiny, 0, tiny, 0), map<double>(1, 1, 1, 1.0), map_orders[0]);
        for (const double v : r.d_input)
            CHECK(std::abs(v) <= (tiny > 0 ? 1 : 0));
    }
}

TEST_CASE("an odd last row and column get zeros, as does a map too small to pool") {
    context<device> ctx;
    for (const auto& options : kinds)
        for (const auto order : map_orders) {
            const auto x = random_map(5, 5, 7, 3, 0.5, 1);
            map<double> d(5, 5, 7);
            d.values = run<float>(ctx, options, x, map<double>(5, 2, 3, 1.0), order).d_input;
            for (std::int64_t k = 0; k < 5; ++k) {
                for (std::int64_t i = 0; i < 7; ++i)
                    CHECK(d.at(k, 4, i) == 0);
                for (std::int64_t i = 0; i < 5; ++i)
                    CHECK(d.at(k, i, 6) == 0);
            }
            for (const auto& s : {shape{1, 3, 1, 6}, shape{1, 3, 6, 1}, shape{1, 3, 1, 1}}) {
                const auto none = run<float>(ctx, options, random_map(s.c, s.h, s.w, 4),
                                             map<double>(3, s.h / 2, s.w / 2), order);
                CHECK(std::count(none.d_input.begin(), none.d_input.end(), 0.0) ==
                      std::ssize(none.d_input));
            }
        }
}

TEST_CASE("max pooling without an argmax gives the same map") {
    context<device> ctx;
    const auto order = ctx.feature_layout();
    const auto x = on_device<float>(ctx, random_map(17, 13, 9, 5), order);
    const auto small = ops::pooled(x.shape());
    tensor<float, device> with(small, order), without(small, order);
    tensor<std::uint8_t, device> argmax({1, 1, 1, ops::argmax_bytes(small, order)});
    ops::pool2d(ctx, {}, x, with, argmax);
    ops::pool2d(ctx, {}, x, without, {});
    CHECK(to_map(ctx, with).values == to_map(ctx, without).values);
}

TEST_CASE("an argmax is a byte an element, and two bits where channels are interleaved") {
    CHECK(ops::argmax_bytes({1, 40, 5, 7}, layout::nchw16c) == 48 * 5 * 7);
    CHECK(ops::argmax_bytes({1, 64, 5, 7}, layout::nhwc) == 64 * 5 * 7 / 4);
    CHECK(ops::argmax_bytes({1, 17, 5, 7}, layout::nhwc) == 8 * 5 * 7);
    CHECK(ops::argmax_bytes({1, 3, 1, 1}, layout::nhwc) == 4);

    context<device> ctx;
    map<double> x(17, 2, 2);
    x.at(1, 0, 1) = x.at(6, 1, 0) = x.at(16, 1, 1) = 1;
    const auto r = run<float>(ctx, {}, x, map<double>(17, 1, 1), map_orders[0]);
    const std::vector<int> argmax(r.argmax.begin(), r.argmax.end());
    if (on_cuda)  // channel c at bit 2·(c mod 4) of byte c/4
        CHECK(argmax == std::vector<int>{1 << 2, 2 << 4, 0, 0, 3, 0, 0, 0});
    else
        CHECK(argmax == std::vector<int>{0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3});
}

TEST_CASE("pooling refuses what disagrees, with both shapes") {
    context<device> ctx;
    const auto order = ctx.feature_layout();
    tensor<float, device> input({1, 16, 5, 7}, order), output({1, 16, 2, 3}, order);
    tensor<float, device> wrong({1, 16, 3, 4}, order), planar({1, 16, 2, 3});
    tensor<std::uint8_t, device> argmax({1, 1, 1, 5});
    CHECK_THROWS_WITH(ops::pool2d(ctx, {}, input, wrong, {}),
                      "pool2d: output: expected [1,16,2,3], found [1,16,3,4]");
    CHECK_THROWS_WITH(
        ops::pool2d(ctx, {}, input, planar, {}),
        std::string("pool2d: output: expected layout ") + to_string(order) + ", found nchw");
    CHECK_THROWS_WITH(ops::pool2d(ctx, {}, input, output, argmax),
                      Catch::StartsWith("pool2d: argmax: expected [1,1,1,") &&
                          Catch::EndsWith("found [1,1,1,5]"));
    CHECK_THROWS_AS(ops::pool2d_backward(ctx, {}, {}, output, input), shape_error);
    CHECK_THROWS_AS(ops::pool2d_backward(ctx, {pooling::l2}, {}, output, input), shape_error);
    CHECK_THROWS_AS(ops::pool2d_backward(ctx, {pooling::average}, {}, wrong, input), shape_error);
}
