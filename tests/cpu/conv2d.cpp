#include <impasto/ops/conv2d.hpp>

#include <optional>

#include <catch2/catch.hpp>

#include "support/maps.hpp"

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

}  // namespace

TEST_CASE("conv2d fuses a maximum or an average where it is quickest, and refuses the rest") {
    context<cpu> ctx;
    const problem p({32, 64, 19, 23});
    const shape input{1, 32, 19, 23};
    ops::conv_options options{.activation = ops::activation::relu,
                              .pooling = ops::pool_options{ops::pooling::max, 0.5f}};
    CHECK(ops::conv2d<float, cpu>::fuses_pooling(input, options));
    options.pooling = {ops::pooling::average, 2};
    CHECK(ops::conv2d<float, cpu>::fuses_pooling(input, options));
    options.pooling = {ops::pooling::l2, 1};
    CHECK_FALSE(ops::conv2d<float, cpu>::fuses_pooling(input, options));
    CHECK_THROWS_WITH((ops::conv2d<float, cpu>(ctx, p.weight_tensor, {}, input, options)),
                      Catch::Contains("fuses_pooling"));
}

TEST_CASE("a convolution like another takes its filters over, and computes as one made alone") {
    context<cpu> ctx({.threads = 2});
    const auto algorithm = GENERATE(ops::conv_algorithm::direct, ops::conv_algorithm::fastest);
    for (const auto& g : geometries) {
        CAPTURE(g.in, g.out, g.h, g.w, algorithm == ops::conv_algorithm::direct);
        const problem p(g);
        const ops::conv_options options{.activation = ops::activation::relu, .method = {algorithm}};
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
                                             {.method = {.engine = ops::conv_engine::cudnn}})),
                    option_error);
    CHECK_THROWS_WITH((ops::conv2d<float, cpu>(ctx, weights, {}, {1, 1, 4, 4},
                                               {.method = {.engine = ops::conv_engine::cudnn}})),
                      "conv_engine: cudnn needs a GPU; the CPU's engine is native");
}
