#include <impasto/ops/conv2d.hpp>

#include <cstdint>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/ops/conv2d_backward_filter.hpp>

#include "support/device_maps.hpp"
#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

struct geometry {
    std::int64_t in, out, h, w;
};

// One pixel, primes, pixels in, no multiple of a tile or a run of channels, a network's channels.
const geometry geometries[] = {{1, 1, 1, 1},    {5, 7, 1, 9},   {3, 64, 17, 33},
                               {3, 40, 5, 7},   {16, 3, 9, 18}, {40, 72, 5, 7},
                               {64, 64, 6, 10}, {8, 16, 17, 3}, {16, 130, 3, 20}};

struct problem {
    explicit problem(const geometry& g, std::int64_t kernel = 3)
        : input(random_map(g.in, g.h, g.w, 1)),
          weights(random_values(static_cast<std::size_t>(g.out * g.in * kernel * kernel), 3)),
          bias(random_values(static_cast<std::size_t>(g.out), 4)),
          weight_tensor(to_tensor(weights, {g.out, g.in, kernel, kernel})),
          bias_tensor(to_tensor(bias, {1, g.out, 1, 1})) {}

    map<double> input;
    std::vector<double> weights, bias;
    tensor<float, cpu> weight_tensor, bias_tensor;
};

struct precision {
    bool tf32;
    double tolerance;
};

// What the library promises, by norm: everything is rounded on the way in, filters too.
template <class T>
std::vector<precision> precisions() {
    if constexpr (std::is_same_v<T, float>)
        return {{false, 1e-5}, {true, 1e-3}};
    return {{false, 5e-3}};
}

template <class T>
tensor<std::uint8_t, cuda> gates_for(const ops::conv2d<T, cuda>& conv) {
    return tensor<std::uint8_t, cuda>({1, 1, 1, conv.gate_bytes()});
}

}  // namespace

TEMPLATE_TEST_CASE("conv2d on CUDA agrees with the reference, forward and backward", "", float,
                   half, bfloat16) {
    context<cuda> ctx;
    for (const auto& [tf32, tolerance] : precisions<TestType>())
        for (const auto& g : geometries) {
            CAPTURE(g.in, g.out, g.h, g.w, tf32);
            const problem p(g);
            const ops::conv2d<TestType, cuda> conv(
                ctx, p.weight_tensor, p.bias_tensor, p.input.shape(),
                {.activation = ops::activation::relu, .tf32 = tf32});
            REQUIRE(conv.output_shape() == shape{1, g.out, g.h, g.w});

            tensor<TestType, cuda> output(conv.output_shape(), layout::nhwc);
            auto gates = gates_for(conv);
            conv.forward(ctx, to_device<TestType>(ctx, p.input, conv.input_layout()), output,
                         gates);
            const auto expected =
                reference::relu(reference::conv2d(p.input, p.weights, p.bias, 3, 1));
            CHECK(relative_error(to_map(ctx, output).values, expected.values) < tolerance);

            const auto d_output = random_map(g.out, g.h, g.w, 2);
            auto d_device = to_device<TestType>(ctx, d_output);
            tensor<TestType, cuda> d_input(p.input.shape(), layout::nhwc);
            conv.backward_data(ctx, d_device, d_input);
            const auto plain =
                reference::conv2d_backward_data(d_output, p.weights, p.input.shape(), 3, 1);
            CHECK(relative_error(to_map(ctx, d_input).values, plain.values) < tolerance);

            conv.backward(ctx, gates, d_device, d_input);
            const auto gated = reference::conv2d_backward_data(
                reference::relu_backward(to_map(ctx, output), d_output), p.weights, p.input.shape(),
                3, 1);
            CHECK(relative_error(to_map(ctx, d_input).values, gated.values) < tolerance);
        }
}

TEMPLATE_TEST_CASE("conv2d on CUDA pools, and takes gradients back through the pool", "", float,
                   half, bfloat16) {
    context<cuda> ctx;
    const auto tolerance = precisions<TestType>().front().tolerance;
    for (const ops::pool_options pooling :
         {ops::pool_options{ops::pooling::max, 1}, ops::pool_options{ops::pooling::average, 2}}) {
        CAPTURE(static_cast<int>(pooling.kind));
        problem p({8, 72, 9, 11});
        p.input = rounded_to<TestType>(p.input);  // so that no maximum is another one
        for (double& w : p.weights)
            w = static_cast<float>(TestType(static_cast<float>(w)));
        const ops::conv2d<TestType, cuda> conv(
            ctx, to_tensor(p.weights, p.weight_tensor.shape()), p.bias_tensor, p.input.shape(),
            {.activation = ops::activation::relu, .pooling = pooling});
        REQUIRE(conv.output_shape() == shape{1, 72, 4, 5});
        tensor<TestType, cuda> output(conv.output_shape(), layout::nhwc);
        auto gates = gates_for(conv);
        conv.forward(ctx, to_device<TestType>(ctx, p.input), output, gates);
        const auto convolved = reference::conv2d(p.input, p.weights, p.bias, 3, 1);
        const auto rectified = reference::relu(convolved);
        CHECK(relative_error(to_map(ctx, output).values,
                             reference::pool2d(rectified, pooling).values) < tolerance);

        const auto d_output = rounded_to<TestType>(random_map(72, 4, 5, 2));
        auto d_device = to_device<TestType>(ctx, d_output);
        tensor<TestType, cuda> d_input(p.input.shape(), layout::nhwc);
        conv.backward(ctx, gates, d_device, d_input);
        const auto expected = reference::conv2d_backward_data(
            reference::relu_backward(convolved,
                                     reference::pool2d_backward(rectified, d_output, pooling)),
            p.weights, p.input.shape(), 3, 1);
        CHECK(relative_error(to_map(ctx, d_input).values, expected.values) < tolerance);
    }
}

TEST_CASE("conv2d on CUDA takes 1x1 filters and borders of any width") {
    context<cuda> ctx;
    for (const ops::conv_geometry g : {ops::conv_geometry{.kernel = 1, .padding = 0},
                                       ops::conv_geometry{.kernel = 1, .padding = 1},
                                       ops::conv_geometry{.kernel = 2, .padding = 1},
                                       ops::conv_geometry{.kernel = 3, .padding = 0},
                                       ops::conv_geometry{.kernel = 3, .padding = 2}}) {
        CAPTURE(g.kernel, g.padding);
        const problem p({16, 24, 7, 9}, g.kernel);
        const ops::conv2d<half, cuda> conv(ctx, p.weight_tensor, p.bias_tensor, p.input.shape(),
                                           {.geometry = g});
        tensor<half, cuda> output(conv.output_shape(), layout::nhwc);
        conv.forward(ctx, to_device<half>(ctx, p.input), output);
        const auto expected = reference::conv2d(p.input, p.weights, p.bias, g.kernel, g.padding);
        CHECK(relative_error(to_map(ctx, output).values, expected.values) < 5e-3);

        tensor<half, cuda> d_input(p.input.shape(), layout::nhwc);
        conv.backward_data(ctx, to_device<half>(ctx, expected), d_input);
        CHECK(relative_error(to_map(ctx, d_input).values,
                             reference::conv2d_backward_data(expected, p.weights, p.input.shape(),
                                                             g.kernel, g.padding)
                                 .values) < 5e-3);
    }
}

TEMPLATE_TEST_CASE("the gradient of filters and bias agrees with the reference", "", float, half,
                   bfloat16) {
    context<cuda> ctx;
    for (const auto& g : {geometry{3, 5, 7, 9}, geometry{40, 33, 5, 13}, geometry{1, 1, 1, 1}}) {
        CAPTURE(g.in, g.out, g.h, g.w);
        const auto input = rounded_to<TestType>(random_map(g.in, g.h, g.w, 1));
        const auto d_output = rounded_to<TestType>(random_map(g.out, g.h, g.w, 2));
        const auto order = g.in == 3 ? layout::nchw : layout::nhwc;
        tensor<float, cuda> d_weights({g.out, g.in, 3, 3}), d_bias({1, g.out, 1, 1});
        ops::conv2d_backward_filter<TestType>(ctx, {}, to_device<TestType>(ctx, input, order),
                                              to_device<TestType>(ctx, d_output), d_weights,
                                              d_bias);
        std::vector<double> weights, bias;
        reference::conv2d_backward_filter(input, d_output, 3, 1, weights, bias);
        const auto values = to_host(ctx, d_weights), sums = to_host(ctx, d_bias);
        CHECK(relative_error({values.begin(), values.end()}, weights) < 1e-6);
        CHECK(relative_error({sums.begin(), sums.end()}, bias) < 1e-6);
    }
}

TEST_CASE("the reference's gradient of filters is the gradient of its convolution") {
    const auto x = random_map(2, 4, 5, 1), d_output = random_map(3, 4, 5, 2);
    const auto bias = random_values(3, 4);
    const auto loss = [&](const std::vector<double>& weights) {
        const auto output = reference::conv2d(x, weights, bias, 3, 1);
        return reference::dot(output.values, d_output.values);
    };
    std::vector<double> d_weights, d_bias;
    reference::conv2d_backward_filter(x, d_output, 3, 1, d_weights, d_bias);
    CHECK(relative_error(d_weights,
                         reference::numeric_gradient(loss, random_values(3 * 2 * 9, 3))) < 1e-8);
}

TEST_CASE("conv2d's gates end in zeros past the last channel") {
    context<cuda> ctx;
    const problem p({8, 5, 3, 4});
    const ops::conv2d<half, cuda> conv(ctx, p.weight_tensor, p.bias_tensor, p.input.shape(),
                                       {.activation = ops::activation::relu});
    tensor<half, cuda> output(conv.output_shape(), layout::nhwc);
    auto gates = gates_for(conv);
    conv.forward(ctx, to_device<half>(ctx, p.input), output, gates);
    const auto features = to_map(ctx, output);
    const auto bytes = to_host(ctx, gates);
    REQUIRE(bytes.size() == 3 * 4 * 4);
    for (std::int64_t i = 0; i < bytes.size(); ++i) {
        int open = 0;
        for (std::int64_t c = 0; c < 5 && i % 4 == 0; ++c)
            open |= features.at(c, i / 16, i / 4 % 4) > 0 ? 1 << c : 0;
        CHECK(bytes.data()[i] == open);
    }
}

TEST_CASE("conv2d on CUDA refuses what does not fit") {
    context<cuda> ctx;
    const problem p({8, 16, 9, 12});
    using conv_type = ops::conv2d<half, cuda>;
    CHECK_THROWS_WITH(conv_type(ctx, p.weight_tensor, p.bias_tensor, {1, 4, 9, 12}),
                      Catch::Contains("[16,8,3,3]") && Catch::Contains("[1,4,9,12]"));
    CHECK_THROWS_WITH(
        conv_type(ctx, p.weight_tensor, {}, p.input.shape(), {.geometry = {.stride = 2}}),
        Catch::Contains("stride 2"));
    CHECK_THROWS_AS(conv_type(ctx, p.weight_tensor, {}, p.input.shape(),
                              {.pooling = ops::pool_options{ops::pooling::l2}}),
                    option_error);
    const conv_type conv(ctx, p.weight_tensor, {}, p.input.shape(), {.backward = false});
    const auto input = to_device<half>(ctx, p.input);
    tensor<half, cuda> planar({1, 16, 9, 12}), output({1, 16, 9, 12}, layout::nhwc);
    CHECK_THROWS_WITH(conv.forward(ctx, input, planar), Catch::Contains("found nchw"));
    tensor<half, cuda> d_input(p.input.shape(), layout::nhwc);
    CHECK_THROWS_AS(conv.backward_data(ctx, output, d_input), option_error);
    tensor<std::uint8_t, cuda> few({1, 1, 1, 5});
    CHECK_THROWS_WITH(conv.forward(ctx, input, output, few), Catch::Contains("gates"));
}
