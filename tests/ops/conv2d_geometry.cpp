// Convolutions that VGG networks lack: other kernels, strides, and no ReLU; and the gradients of
// their filters.

#include <catch2/catch.hpp>

#include <impasto/ops/conv2d.hpp>
#include <impasto/ops/conv2d_backward_filter.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;

namespace {

struct problem {
    problem(std::int64_t in, std::int64_t out, std::int64_t h, std::int64_t w,
            const ops::conv_geometry& g)
        : geometry(g),
          input(random_map(in, h, w, 1)),
          weights(random_values(static_cast<std::size_t>(out * in * g.kernel * g.kernel), 3)),
          bias(random_values(static_cast<std::size_t>(out), 4)),
          weight_tensor(to_tensor(weights, {out, in, g.kernel, g.kernel})),
          bias_tensor(to_tensor(bias, {1, out, 1, 1})),
          output(reference::conv2d(input, weights, bias, g.kernel, g.padding, g.stride)),
          d_output(random_map(out, output.h, output.w, 2)) {}

    ops::conv_geometry geometry;
    map<double> input;
    std::vector<double> weights, bias;
    tensor<float, cpu> weight_tensor, bias_tensor;
    map<double> output, d_output;
};

constexpr ops::conv_geometry geometries[] = {{1, 1, 0}, {1, 2, 0}, {2, 2, 0}, {3, 1, 1},
                                             {3, 2, 1}, {3, 3, 0}, {4, 2, 1}, {5, 1, 2},
                                             {5, 2, 2}, {7, 2, 3}, {9, 1, 4}, {9, 4, 4}};

constexpr std::pair<int, int> channels[] = {{1, 1}, {3, 5}, {3, 32}, {17, 9}, {32, 33}, {16, 3}};

}  // namespace

TEST_CASE(
    "convolutions of any kernel and stride agree with the reference, with a ReLU and without") {
    context<cpu> ctx({.threads = 2});
    const auto after = GENERATE(ops::activation::none, ops::activation::relu);
    const auto algorithm = GENERATE(ops::conv_algorithm::direct, ops::conv_algorithm::fastest);
    for (const auto& g : geometries)
        for (const auto& [in, out] : channels) {
            CAPTURE(g.kernel, g.stride, g.padding, in, out, after == ops::activation::relu,
                    algorithm == ops::conv_algorithm::direct);
            const problem p(in, out, 13, 18, g);
            const ops::conv2d<float, cpu> conv(
                ctx, p.weight_tensor, p.bias_tensor, p.input.shape(),
                {.geometry = g, .activation = after, .method = {algorithm}});
            REQUIRE(conv.output_shape() == p.output.shape());
            auto output = filled(p.output.shape(), ctx.feature_layout(), not_a_number);
            auto d_input = filled(p.input.shape(), ctx.feature_layout(), not_a_number);
            auto d_output = to_tensor(ctx, p.d_output, ctx.feature_layout());
            tensor<std::uint8_t, cpu> gates({1, 1, 1, conv.gate_bytes()});
            conv.forward(ctx, to_tensor(ctx, p.input, conv.input_layout()), output, gates);
            conv.backward(ctx, gates, d_output, d_input);

            const bool relu = after == ops::activation::relu;
            const auto expected = relu ? reference::relu(p.output) : p.output;
            const auto d = relu ? reference::relu_backward(p.output, p.d_output) : p.d_output;
            const double tolerance = algorithm == ops::conv_algorithm::direct ? 2e-6 : 2e-5;
            CHECK(worst_error(to_map(ctx, output).values, expected.values) < tolerance);
            CHECK(worst_error(to_map(ctx, d_input).values,
                              reference::conv2d_backward_data(d, p.weights, p.input.shape(),
                                                              g.kernel, g.padding, g.stride)
                                  .values) < tolerance);
        }
}

TEST_CASE("conv2d_backward_filter agrees with the reference for any kernel and stride") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto& g : geometries)
        for (const auto& [in, out] : channels)
            for (const auto order : {layout::nchw, ctx.feature_layout()}) {
                CAPTURE(g.kernel, g.stride, g.padding, in, out, to_string(order));
                const problem p(in, out, 13, 18, g);
                std::vector<double> weights, bias;
                reference::conv2d_backward_filter(p.input, p.d_output, g.kernel, g.padding, weights,
                                                  bias, g.stride);
                const shape extents{out, in, g.kernel, g.kernel};
                auto d_weights = filled(extents, layout::nchw, not_a_number);
                auto again = filled(extents, layout::nchw, not_a_number);
                auto d_bias = filled({1, out, 1, 1}, layout::nchw, not_a_number);
                const auto x = to_tensor(ctx, p.input, order);
                const auto dy = to_tensor(ctx, p.d_output, ctx.feature_layout());
                ctx.reserve(
                    ops::conv2d_backward_filter_scratch_bytes(ctx, g, x.shape(), order, extents));
                const auto reserved = ctx.reserved_bytes();
                ops::conv2d_backward_filter(ctx, g, x, dy, d_weights, d_bias);
                ops::conv2d_backward_filter(ctx, g, x, dy, again, {});
                CHECK(ctx.reserved_bytes() == reserved);
                CHECK(worst_error({d_weights.begin(), d_weights.end()}, weights) < 5e-6);
                CHECK(worst_error({d_bias.begin(), d_bias.end()}, bias) < 5e-6);
                CHECK(same_bytes(d_weights, again));
            }
}

TEST_CASE("the reference's strided convolution has the gradients of central differences") {
    const problem p(2, 3, 5, 6, {3, 2, 1});
    const auto loss = [&](const std::vector<double>& x, const std::vector<double>& weights) {
        auto input = p.input;
        input.values = x;
        return reference::dot(reference::conv2d(input, weights, p.bias, 3, 1, 2).values,
                              p.d_output.values);
    };
    std::vector<double> d_weights, d_bias;
    reference::conv2d_backward_filter(p.input, p.d_output, 3, 1, d_weights, d_bias, 2);
    CHECK(relative_error(d_weights,
                         reference::numeric_gradient(
                             [&](auto& w) { return loss(p.input.values, w); }, p.weights)) < 1e-8);
    CHECK(
        relative_error(
            reference::conv2d_backward_data(p.d_output, p.weights, p.input.shape(), 3, 1, 2).values,
            reference::numeric_gradient([&](auto& x) { return loss(x, p.weights); },
                                        p.input.values)) < 1e-8);
}

TEST_CASE("conv2d_backward_filter refuses what does not fit") {
    context<cpu> ctx;
    const problem p(4, 8, 5, 6, {3, 1, 1});
    const auto x = to_tensor(ctx, p.input), dy = to_tensor(ctx, p.d_output, ctx.feature_layout());
    tensor<float, cpu> d_weights({8, 4, 3, 3}), few({8, 3, 3, 3}), d_bias({1, 7, 1, 1});
    CHECK_THROWS_WITH(ops::conv2d_backward_filter(ctx, {}, x, dy, few, {}),
                      Catch::Contains("[8,3,3,3]"));
    CHECK_THROWS_WITH(ops::conv2d_backward_filter(ctx, {}, x, dy, d_weights, d_bias),
                      Catch::Contains("d_bias") && Catch::Contains("[1,8,1,1]"));
    CHECK_THROWS_WITH(ops::conv2d_backward_filter(ctx, {}, x, x, d_weights, {}),
                      Catch::Contains("d_output"));
}
