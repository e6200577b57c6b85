#include <impasto/ops/conv2d.hpp>

#include <catch2/catch.hpp>

#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

struct geometry {
    std::int64_t in, out, h, w;
};

// One pixel, primes, one channel, no multiple of a tile or a block, and the shapes of real
// networks.
const geometry geometries[] = {{1, 1, 1, 1},     {5, 7, 1, 9},    {3, 32, 13, 17},
                               {3, 64, 7, 5},    {16, 16, 4, 4},  {17, 9, 11, 3},
                               {32, 64, 19, 23}, {64, 33, 6, 40}, {128, 64, 2, 31}};

struct problem {
    explicit problem(const geometry& g)
        : input(random_map(g.in, g.h, g.w, 1)),
          d_output(random_map(g.out, g.h, g.w, 2)),
          weights(random_values(static_cast<std::size_t>(g.out * g.in * 9), 3)),
          bias(random_values(static_cast<std::size_t>(g.out), 4)),
          weight_tensor(to_tensor(weights, {g.out, g.in, 3, 3})),
          bias_tensor(to_tensor(bias, {1, g.out, 1, 1})) {}

    map<double> input, d_output;
    std::vector<double> weights, bias;
    tensor<float, cpu> weight_tensor, bias_tensor;
};

using pool = std::optional<ops::pool_options>;
const pool no_pool, max_pool{{ops::pooling::max, 0.5f}}, average_pool{{ops::pooling::average, 2}};

double tolerance(ops::conv_algorithm algorithm) {
    // Sums of up to 9·128 products in float; Winograd's transforms magnify their rounding about
    // tenfold.
    return algorithm == ops::conv_algorithm::direct ? 2e-6 : 2e-5;
}

}  // namespace

TEST_CASE("conv2d forward and backward agree with the reference") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    const auto algorithm = GENERATE(ops::conv_algorithm::direct, ops::conv_algorithm::fastest);
    for (const auto& g : geometries) {
        const problem p(g);
        const shape input{1, g.in, g.h, g.w};
        CAPTURE(g.in, g.out, g.h, g.w, algorithm == ops::conv_algorithm::direct);
        const ops::conv2d<float, cpu> conv(
            ctx, p.weight_tensor, p.bias_tensor, input,
            {.activation = ops::activation::relu, .algorithm = algorithm});
        REQUIRE(conv.output_shape() == shape{1, g.out, g.h, g.w});

        tensor<float, cpu> output(conv.output_shape(), ctx.feature_layout());
        conv.forward(ctx, to_tensor(ctx, p.input, conv.input_layout()), output);
        const auto expected = reference::relu(reference::conv2d(p.input, p.weights, p.bias, 3, 1));
        CHECK(worst_error(to_map(ctx, output).values, expected.values) < tolerance(algorithm));

        tensor<float, cpu> d_input(input, ctx.feature_layout());
        conv.backward_data(ctx, to_tensor(ctx, p.d_output, ctx.feature_layout()), d_input);
        const auto d_expected = reference::conv2d_backward_data(p.d_output, p.weights, input, 3, 1);
        CHECK(worst_error(to_map(ctx, d_input).values, d_expected.values) < tolerance(algorithm));
    }
}

TEST_CASE("conv2d goes back through its ReLU and its pool by the gates that forward left") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    const auto algorithm = GENERATE(ops::conv_algorithm::direct, ops::conv_algorithm::fastest);
    const auto pooling = GENERATE(no_pool, max_pool, average_pool);
    for (const auto& g : geometries) {
        const problem p(g);
        const shape input{1, g.in, g.h, g.w};
        CAPTURE(g.in, g.out, g.h, g.w, algorithm == ops::conv_algorithm::direct);
        ops::conv_options options{.activation = ops::activation::relu, .algorithm = algorithm};
        const ops::conv2d<float, cpu> plain(ctx, p.weight_tensor, p.bias_tensor, input, options);
        options.pooling = pooling;
        if (pooling && !ops::conv2d<float, cpu>::fuses_pooling(input, options))
            continue;
        const ops::conv2d<float, cpu> conv(ctx, p.weight_tensor, p.bias_tensor, input, options);

        const auto x = to_tensor(ctx, p.input, conv.input_layout());
        tensor<float, cpu> unpooled(plain.output_shape(), ctx.feature_layout());
        plain.forward(ctx, x, unpooled);
        const auto features = to_map(ctx, unpooled);
        auto output = filled(conv.output_shape(), ctx.feature_layout(), not_a_number);
        auto again = filled(conv.output_shape(), ctx.feature_layout(), not_a_number);
        tensor<std::uint8_t, cpu> gates({1, 1, 1, conv.gate_bytes()});
        conv.forward(ctx, x, output, gates);
        conv.forward(ctx, x, again);
        CHECK(same_bytes(output, again));
        const auto expected = pooling ? reference::pool2d(features, *pooling) : features;
        CHECK(worst_error(to_map(ctx, output).values, expected.values) < 1e-6);

        auto d = random_map(g.out, expected.h, expected.w, 7);
        auto d_output = to_tensor(ctx, d, ctx.feature_layout());
        auto d_input = filled(input, ctx.feature_layout(), not_a_number);
        conv.backward(ctx, gates, d_output, d_input);
        if (pooling)
            d = reference::pool2d_backward(features, d, *pooling);
        d = reference::relu_backward(features, d);
        const auto d_expected = reference::conv2d_backward_data(d, p.weights, input, 3, 1);
        CHECK(worst_error(to_map(ctx, d_input).values, d_expected.values) < tolerance(algorithm));
    }
}

TEST_CASE("conv2d fuses a maximum or an average where it is quickest, and refuses the rest") {
    context<cpu> ctx;
    const problem p({32, 64, 19, 23});
    const shape input{1, 32, 19, 23};
    ops::conv_options options{.activation = ops::activation::relu, .pooling = max_pool};
    CHECK(ops::conv2d<float, cpu>::fuses_pooling(input, options));
    options.pooling = average_pool;
    CHECK(ops::conv2d<float, cpu>::fuses_pooling(input, options));
    options.pooling = {{ops::pooling::l2, 1}};
    CHECK_FALSE(ops::conv2d<float, cpu>::fuses_pooling(input, options));
    CHECK_THROWS_WITH((ops::conv2d<float, cpu>(ctx, p.weight_tensor, {}, input, options)),
                      Catch::Contains("fuses_pooling"));
}

TEST_CASE("conv2d without padding sees only whole neighbourhoods") {
    context<cpu> ctx;
    const problem p({3, 16, 9, 12});
    const ops::conv2d<float, cpu> conv(ctx, p.weight_tensor, p.bias_tensor, {1, 3, 9, 12},
                                       {.geometry = {.padding = 0}});
    REQUIRE(conv.output_shape() == shape{1, 16, 7, 10});
    tensor<float, cpu> output(conv.output_shape(), ctx.feature_layout());
    conv.forward(ctx, to_tensor(ctx, p.input), output);
    CHECK(worst_error(to_map(ctx, output).values,
                      reference::conv2d(p.input, p.weights, p.bias, 3, 0).values) < 2e-6);
}

TEST_CASE("the reference's backward convolution is the gradient of its forward one") {
    const auto weights = random_values(2 * 3 * 9, 5), bias = random_values(2, 6);
    const auto d_output = random_map(2, 4, 5, 7);
    const auto x = random_map(3, 4, 5, 8);
    const auto loss = [&](const std::vector<double>& values) {
        auto input = x;
        input.values = values;
        const auto output = reference::conv2d(input, weights, bias, 3, 1);
        double sum = 0;
        for (std::size_t i = 0; i < output.values.size(); ++i)
            sum += output.values[i] * d_output.values[i];
        return sum;
    };
    CHECK(relative_error(reference::conv2d_backward_data(d_output, weights, x.shape(), 3, 1).values,
                         reference::numeric_gradient(loss, x.values)) < 1e-8);
}

TEST_CASE("conv2d refuses what does not fit, with both shapes") {
    context<cpu> ctx;
    const problem p({3, 16, 9, 12});
    CHECK_THROWS_WITH((ops::conv2d<float, cpu>(ctx, p.weight_tensor, p.bias_tensor, {1, 4, 9, 12})),
                      Catch::Contains("[16,3,3,3]") && Catch::Contains("[1,4,9,12]"));
    CHECK_THROWS_AS((ops::conv2d<float, cpu>(ctx, p.weight_tensor, {}, {1, 3, 0, 12})),
                    shape_error);
    const ops::conv2d<float, cpu> conv(ctx, p.weight_tensor, {}, {1, 3, 9, 12});
    tensor<float, cpu> planar({1, 16, 9, 12});
    CHECK_THROWS_WITH(conv.forward(ctx, to_tensor(ctx, p.input), planar),
                      Catch::Contains("found nchw"));
}

TEST_CASE("a convolution like another takes its filters over, and computes as one made alone") {
    context<cpu> ctx({.threads = 2});
    const auto algorithm = GENERATE(ops::conv_algorithm::direct, ops::conv_algorithm::fastest);
    for (const auto& g : geometries) {
        CAPTURE(g.in, g.out, g.h, g.w, algorithm == ops::conv_algorithm::direct);
        const problem p(g);
        const ops::conv_options options{.activation = ops::activation::relu,
                                        .algorithm = algorithm};
        const shape input{1, g.in, g.h, g.w};
        const ops::conv2d<float, cpu> alone(ctx, p.weight_tensor, p.bias_tensor, input, options);
        // Another size, first; and it is gone when the filters are used.
        std::optional<ops::conv2d<float, cpu>> other(std::in_place, ctx, p.weight_tensor,
                                                     p.bias_tensor,
                                                     shape{1, g.in, g.h + 9, g.w + 20}, options);
        const ops::conv2d<float, cpu> like(ctx, p.weight_tensor, p.bias_tensor, input, options,
                                           &*other);
        other.reset();
        CHECK(like.output_shape() == alone.output_shape());
        CHECK(like.filter_bytes() == alone.filter_bytes());
        CHECK(like.scratch_bytes(ctx) == alone.scratch_bytes(ctx));
        const auto x = to_tensor(ctx, p.input, alone.input_layout());
        const auto dy = to_tensor(ctx, p.d_output, ctx.feature_layout());
        std::vector<std::vector<float>> outputs, gradients;
        for (const auto* conv : {&alone, &like}) {
            tensor<float, cpu> y(conv->output_shape(), ctx.feature_layout()),
                dx(input, ctx.feature_layout());
            conv->forward(ctx, x, y);
            conv->backward_data(ctx, dy, dx);
            outputs.emplace_back(y.begin(), y.end());
            gradients.emplace_back(dx.begin(), dx.end());
        }
        CHECK(outputs[1] == outputs[0]);
        CHECK(gradients[1] == gradients[0]);
    }
}

TEST_CASE("the CPU has no convolutions of cuDNN's") {
    context<cpu> ctx;
    const auto weights = to_tensor(random_values(9, 1), {1, 1, 3, 3});
    CHECK_THROWS_AS((ops::conv2d<float, cpu>(ctx, weights, {}, {1, 1, 4, 4},
                                             {.engine = ops::conv_engine::cudnn})),
                    option_error);
    CHECK_THROWS_WITH((ops::conv2d<float, cpu>(ctx, weights, {}, {1, 1, 4, 4},
                                               {.engine = ops::conv_engine::cudnn})),
                      "conv_engine: cudnn needs a GPU; the CPU's engine is native");
}
