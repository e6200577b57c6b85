#include <impasto/ops/pool2d.hpp>

#include <catch2/catch.hpp>

#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;
using ops::pooling;

namespace {

const ops::pool_options kinds[] = {
    {pooling::max, 1}, {pooling::max, 0.7f}, {pooling::average, 2}, {pooling::l2, 0.78f}};

tensor<std::uint8_t, cpu> argmax_of(const shape& output, layout order) {
    return tensor<std::uint8_t, cpu>({1, 1, 1, ops::argmax_bytes(output, order)});
}

struct result {
    tensor<float, cpu> output;
    tensor<std::uint8_t, cpu> argmax;
    tensor<float, cpu> d_input;
};

/// Forward and backward on memory full of NaN, so that what is not written shows.
result run(context<cpu>& ctx, ops::pool_options options, const tensor<float, cpu>& input,
           const map<double>& d_output) {
    const auto small = ops::pooled(input.shape());
    const bool max = options.kind == pooling::max;
    result r{filled(small, input.layout(), not_a_number),
             max ? argmax_of(small, input.layout()) : tensor<std::uint8_t, cpu>(),
             filled(input.shape(), input.layout(), not_a_number)};
    ops::pool2d(ctx, options, input, r.output, r.argmax);
    ops::pool2d_backward(ctx, options,
                         {.argmax = r.argmax.view(), .input = input, .output = r.output.view()},
                         to_tensor(ctx, d_output, input.layout()), r.d_input);
    return r;
}

/// One window: a b above c d.
map<double> window(double a, double b, double c, double d) {
    map<double> m(1, 2, 2);
    m.values = {a, b, c, d};
    return m;
}

}  // namespace

TEST_CASE("pooling forward and backward agree with the reference at every size") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto& options : kinds)
        for (const auto order : layouts)
            for (const auto& s : odd_shapes) {
                CAPTURE(static_cast<int>(options.kind), to_string(order), to_string(s));
                const auto x = random_map(s.c, s.h, s.w, 1);
                const auto d = random_map(s.c, s.h / 2, s.w / 2, 2);
                const auto r = run(ctx, options, to_tensor(ctx, x, order), d);
                // Five roundings at most, none of them magnified.
                CHECK(worst_error(to_map(ctx, r.output).values,
                                  reference::pool2d(x, options).values) < 5e-7);
                CHECK(worst_error(to_map(ctx, r.d_input).values,
                                  reference::pool2d_backward(x, d, options).values) < 5e-7);
                // The padding channels are zero, and stay so.
                CHECK(std::all_of(r.output.begin(), r.output.end(),
                                  [](float v) { return std::isfinite(v); }));
                CHECK(std::all_of(r.d_input.begin(), r.d_input.end(),
                                  [](float v) { return std::isfinite(v); }));
            }
}

TEST_CASE("of equal maxima the first takes the gradient") {
    context<cpu> ctx;
    const auto takes = [&](const map<double>& input) {
        map<double> one(1, 1, 1, 1.0);
        const auto r = run(ctx, {}, to_tensor(ctx, input), one);
        const auto at = std::find(r.d_input.begin(), r.d_input.end(), 1.0f) - r.d_input.begin();
        CHECK(std::count(r.d_input.begin(), r.d_input.end(), 0.0f) == 3);
        CHECK(r.argmax.data()[0] == at);
        return at;
    };
    CHECK(takes(window(1, 1, 1, 1)) == 0);
    CHECK(takes(window(0, 0, 0, 0)) == 0);
    CHECK(takes(window(0, 1, 1, 1)) == 1);
    CHECK(takes(window(0, 1, 0, 1)) == 1);
    CHECK(takes(window(0, 0, 1, 1)) == 2);
    CHECK(takes(window(1, 0, 0, 1)) == 0);
    CHECK(takes(window(0, 1, 1, 0)) == 1);
    CHECK(takes(window(-3, -2, -2, -1)) == 3);
}

TEST_CASE("an L2 window that is all zero passes no gradient, and a tiny one a finite one") {
    context<cpu> ctx;
    map<double> d(1, 1, 1, 1.0);
    const ops::pool_options l2{pooling::l2, 0.78f};
    const auto zero = run(ctx, l2, to_tensor(ctx, window(0, 0, 0, 0)), d);
    CHECK(zero.output.data()[0] == 0);
    CHECK(std::count(zero.d_input.begin(), zero.d_input.end(), 0.0f) == 4);
    for (const double tiny : {1e-15, 1e-19, 1e-21, 1e-23, 1e-40}) {
        CAPTURE(tiny);
        const auto r = run(ctx, l2, to_tensor(ctx, window(tiny, 0, tiny, 0)), d);
        for (const float v : r.d_input)
            CHECK(std::abs(v) <= 1);
    }
}

TEST_CASE("an odd last row and column get zeros, as does a map too small to pool") {
    context<cpu> ctx;
    for (const auto& options : kinds)
        for (const auto order : layouts) {
            const auto x = random_map(5, 5, 7, 3, 0.5, 1);
            const auto r = run(ctx, options, to_tensor(ctx, x, order), map<double>(5, 2, 3, 1.0));
            const auto d = to_map(ctx, r.d_input);
            for (std::int64_t k = 0; k < 5; ++k) {
                for (std::int64_t i = 0; i < 7; ++i)
                    CHECK(d.at(k, 4, i) == 0);
                for (std::int64_t i = 0; i < 5; ++i)
                    CHECK(d.at(k, i, 6) == 0);
            }
            for (const auto& s : {shape{1, 3, 1, 6}, shape{1, 3, 6, 1}, shape{1, 3, 1, 1}}) {
                const auto thin = random_map(s.c, s.h, s.w, 4);
                const auto none = run(ctx, options, to_tensor(ctx, thin, order),
                                      map<double>(3, s.h / 2, s.w / 2));
                CHECK(std::count(none.d_input.begin(), none.d_input.end(), 0.0f) ==
                      none.d_input.size());
            }
        }
}

TEST_CASE("max pooling without an argmax gives the same map") {
    context<cpu> ctx({.threads = 2});
    const auto x = to_tensor(ctx, random_map(17, 13, 9, 5), layout::nchw16c);
    tensor<float, cpu> with(ops::pooled(x.shape()), x.layout()),
        without(with.shape(), with.layout());
    auto argmax = argmax_of(with.shape(), with.layout());
    ops::pool2d(ctx, {}, x, with, argmax);
    ops::pool2d(ctx, {}, x, without, {});
    CHECK(same_bytes(with, without));
}

TEST_CASE("an argmax is a byte an element, and two bits where channels are interleaved") {
    CHECK(ops::argmax_bytes({1, 40, 5, 7}, layout::nchw16c) == 48 * 5 * 7);
    CHECK(ops::argmax_bytes({1, 64, 5, 7}, layout::nhwc) == 64 * 5 * 7 / 4);
    CHECK(ops::argmax_bytes({1, 17, 5, 7}, layout::nhwc) == 8 * 5 * 7);
    CHECK(ops::argmax_bytes({1, 3, 1, 1}, layout::nhwc) == 4);
}

TEST_CASE("the reference's pool2d_backward is the gradient of its pool2d") {
    for (const auto& options : kinds) {
        CAPTURE(static_cast<int>(options.kind));
        map<double> x(2, 5, 7);
        // A step between any two values keeps maxima apart, and windows off zero.
        for (std::size_t i = 0; i < x.values.size(); ++i)
            x.values[i] = 0.1 + 0.01 * static_cast<double>(i * 37 % 71);
        const auto d = random_map(2, 2, 3, 6);
        const auto loss = [&](const std::vector<double>& values) {
            auto input = x;
            input.values = values;
            return reference::dot(reference::pool2d(input, options).values, d.values);
        };
        CHECK(relative_error(reference::pool2d_backward(x, d, options).values,
                             reference::numeric_gradient(loss, x.values)) < 1e-8);
    }
}

TEST_CASE("pooling refuses what disagrees, with both shapes") {
    context<cpu> ctx;
    const auto input = filled({1, 16, 5, 7}, layout::nchw16c, 1);
    auto output = filled({1, 16, 2, 3}, layout::nchw16c, 0);
    auto wrong = filled({1, 16, 3, 4}, layout::nchw16c, 0);
    auto planar = filled({1, 16, 2, 3}, layout::nchw, 0);
    auto d_input = filled(input.shape(), input.layout(), 0);
    tensor<std::uint8_t, cpu> argmax({1, 1, 1, 95});
    CHECK_THROWS_WITH(ops::pool2d(ctx, {}, input, wrong, {}),
                      "pool2d: output: expected [1,16,2,3], found [1,16,3,4]");
    CHECK_THROWS_WITH(ops::pool2d(ctx, {}, input, planar, {}),
                      Catch::Contains("nchw16c") && Catch::Contains("nchw "));
    CHECK_THROWS_WITH(ops::pool2d(ctx, {}, input, output, argmax),
                      "pool2d: argmax: expected [1,1,1,96], found [1,1,1,95]");
    CHECK_THROWS_AS(ops::pool2d_backward(ctx, {}, {}, output, d_input), shape_error);
    CHECK_THROWS_AS(ops::pool2d_backward(ctx, {pooling::l2}, {}, output, d_input), shape_error);
    CHECK_THROWS_AS(ops::pool2d_backward(ctx, {pooling::average}, {}, wrong, d_input), shape_error);
}
