#include <impasto/ops/conv2d.hpp>

#include <cstdint>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "support/engine.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

struct geometry {
    std::int64_t in, out, h, w;
};

// One pixel, primes, one channel, pixels in and out, no multiple of a tile, a block or a run of
// channels, a network's channels.
const geometry geometries[] = {{1, 1, 1, 1},    {5, 7, 1, 9},     {3, 64, 7, 5},
                               {3, 40, 13, 17}, {16, 3, 9, 18},   {16, 16, 4, 4},
                               {17, 9, 11, 3},  {40, 72, 5, 7},   {32, 64, 10, 13},
                               {64, 33, 6, 17}, {16, 130, 3, 20}, {128, 64, 2, 7}};

struct problem {
    explicit problem(const geometry& g, std::int64_t kernel = 3)
        : input(random_map(g.in, g.h, g.w, 1)),
          weights(random_values(static_cast<std::size_t>(g.out * g.in * kernel * kernel), 3)),
          bias(random_values(static_cast<std::size_t>(g.out), 4)),
          kernel_side(kernel) {}

    [[nodiscard]] tensor<float, cpu> weight_tensor() const {
        return to_tensor(weights, {std::ssize(bias), input.c, kernel_side, kernel_side});
    }
    [[nodiscard]] tensor<float, cpu> bias_tensor() const {
        return to_tensor(bias, {1, std::ssize(bias), 1, 1});
    }

    map<double> input;
    std::vector<double> weights, bias;
    std::int64_t kernel_side;
};

/// A GPU has one algorithm.
std::vector<ops::conv_algorithm> algorithms() {
    if (on_cuda)
        return {ops::conv_algorithm::fastest};
    return {ops::conv_algorithm::direct, ops::conv_algorithm::fastest};
}

/// What the library promises, by norm: on a GPU everything is rounded on the way in, filters too.
/// On the CPU Winograd's transforms magnify their rounding about tenfold.
template <class T>
double most_of(ops::conv_algorithm algorithm) {
    if (on_cuda)
        return tolerance<T>;
    return algorithm == ops::conv_algorithm::direct ? 2e-6 : 2e-5;
}

template <class T>
tensor<std::uint8_t, device> gates_for(const ops::conv2d<T, device>& conv) {
    return tensor<std::uint8_t, device>({1, 1, 1, conv.gate_bytes()});
}

/// A convolution and the context's layout for it.
template <class T>
struct planned {
    planned(context<device>& ctx, const problem& p, const ops::conv_options& options)
        : conv(ctx, p.weight_tensor(), p.bias_tensor(), p.input.shape(), options),
          order(ctx.feature_layout()) {}

    map<double> forward(context<device>& ctx, const map<double>& input,
                        tensor_view<std::uint8_t, device> gates = {}) const {
        auto output = filled_on_device<T>(ctx, conv.output_shape(), order);
        conv.forward(ctx, on_device<T>(ctx, input, conv.input_layout()), output, gates);
        return to_map(ctx, output);
    }
    map<double> backward(context<device>& ctx, const tensor<std::uint8_t, device>& gates,
                         const map<double>& d_output) const {
        auto d = on_device<T>(ctx, d_output, order);
        auto d_input = filled_on_device<T>(ctx, conv.input_shape(), order);
        conv.backward(ctx, gates, d, d_input);
        return to_map(ctx, d_input);
    }
    map<double> backward_data(context<device>& ctx, const map<double>& d_output) const {
        auto d_input = filled_on_device<T>(ctx, conv.input_shape(), order);
        conv.backward_data(ctx, on_device<T>(ctx, d_output, order), d_input);
        return to_map(ctx, d_input);
    }

    ops::conv2d<T, device> conv;
    layout order;
};

}  // namespace

TEMPLATE_TEST_CASE("conv2d forward and backward agree with the reference", "",
                   IMPASTO_PRODUCT_TYPES) {
    context<device> ctx;
    for (const auto algorithm : algorithms())
        for (const auto& g : geometries) {
            CAPTURE(g.in, g.out, g.h, g.w, static_cast<int>(algorithm));
            const double most = most_of<TestType>(algorithm);
            const problem p(g);
            const planned<TestType> plan(
                ctx, p, {.activation = ops::activation::relu, .method = {algorithm}});
            REQUIRE(plan.conv.output_shape() == shape{1, g.out, g.h, g.w});

            const auto gates = [&] { return gates_for(plan.conv); };
            auto open = gates();
            const auto output = plan.forward(ctx, p.input, open);
            const auto expected =
                reference::relu(reference::conv2d(p.input, p.weights, p.bias, 3, 1));
            CHECK(relative_error(output.values, expected.values) < most);
            CHECK(plan.forward(ctx, p.input).values == output.values);

            const auto d_output = random_map(g.out, g.h, g.w, 2);
            const auto back = [&](const map<double>& d) {
                return reference::conv2d_backward_data(d, p.weights, p.input.shape(), 3, 1).values;
            };
            CHECK(relative_error(plan.backward_data(ctx, d_output).values, back(d_output)) < most);
            CHECK(relative_error(plan.backward(ctx, open, d_output).values,
                                 back(reference::relu_backward(output, d_output))) < most);
        }
}

TEMPLATE_TEST_CASE("conv2d pools, and takes gradients back through the pool", "",
                   IMPASTO_MAP_TYPES) {
    context<device> ctx;
    for (const ops::pool_options pooling :
         {ops::pool_options{ops::pooling::max, 0.5f}, ops::pool_options{ops::pooling::average, 2}})
        for (const auto& g : {geometry{8, 72, 9, 11}, {17, 9, 11, 3}, {32, 64, 10, 13}}) {
            CAPTURE(g.in, g.out, g.h, g.w, static_cast<int>(pooling.kind));
            problem p(g);
            p.input = rounded_to<TestType>(p.input);  // so that no maximum is another one
            for (double& w : p.weights)
                w = static_cast<double>(static_cast<float>(TestType(static_cast<float>(w))));
            ops::conv_options options{.activation = ops::activation::relu};
            const planned<TestType> plain(ctx, p, options);
            options.pooling = pooling;
            REQUIRE(ops::conv2d<TestType, device>::fuses_pooling(p.input.shape(), options));
            const planned<TestType> plan(ctx, p, options);
            // Which of two is the maximum, and whether a sum is above zero, may be a matter of
            // rounding: of float, what a convolution without a pool has found decides.
            const auto features =
                std::is_same_v<TestType, float>
                    ? plain.forward(ctx, p.input)
                    : reference::relu(reference::conv2d(p.input, p.weights, p.bias, 3, 1));

            auto gates = gates_for(plan.conv);
            const auto output = plan.forward(ctx, p.input, gates);
            CHECK(relative_error(output.values, reference::pool2d(features, pooling).values) <
                  (std::is_same_v<TestType, float> ? 1e-6 : tolerance<TestType>));
            CHECK(plan.forward(ctx, p.input).values == output.values);
            const auto d = rounded_to<TestType>(random_map(g.out, g.h / 2, g.w / 2, 2));
            const auto passed = reference::relu_backward(
                features, reference::pool2d_backward(features, d, pooling));
            CHECK(relative_error(
                      plan.backward(ctx, gates, d).values,
                      reference::conv2d_backward_data(passed, p.weights, p.input.shape(), 3, 1)
                          .values) < most_of<TestType>(options.method.algorithm));
        }
}

TEMPLATE_TEST_CASE("conv2d takes 1x1 filters and borders of any width", "", IMPASTO_MAP_TYPES) {
    context<device> ctx;
    for (const ops::conv_geometry g : {ops::conv_geometry{.kernel = 1, .padding = 0},
                                       ops::conv_geometry{.kernel = 1, .padding = 1},
                                       ops::conv_geometry{.kernel = 2, .padding = 1},
                                       ops::conv_geometry{.kernel = 3, .padding = 0},
                                       ops::conv_geometry{.kernel = 3, .padding = 2}}) {
        CAPTURE(g.kernel, g.padding);
        const problem p({16, 24, 7, 9}, g.kernel);
        const planned<TestType> plan(ctx, p, {.geometry = g});
        const double most = most_of<TestType>(ops::conv_algorithm::direct);
        const auto expected = reference::conv2d(p.input, p.weights, p.bias, g.kernel, g.padding);
        CHECK(relative_error(plan.forward(ctx, p.input).values, expected.values) < most);
        CHECK(relative_error(plan.backward_data(ctx, expected).values,
                             reference::conv2d_backward_data(expected, p.weights, p.input.shape(),
                                                             g.kernel, g.padding)
                                 .values) < most);
    }
}

TEST_CASE("conv2d refuses what does not fit, with both shapes") {
    context<device> ctx;
    const auto order = ctx.feature_layout();
    const problem p({8, 16, 9, 12});
    const auto weights = p.weight_tensor();
    using conv_type = ops::conv2d<float, device>;
    CHECK_THROWS_WITH(conv_type(ctx, weights, p.bias_tensor(), {1, 4, 9, 12}),
                      Catch::Contains("[16,8,3,3]") && Catch::Contains("[1,4,9,12]"));
    CHECK_THROWS_AS(conv_type(ctx, weights, {}, {1, 8, 0, 12}), shape_error);
    CHECK_THROWS_WITH(conv_type(ctx, weights, to_tensor({1}, {1, 1, 1, 1}), p.input.shape()),
                      "conv2d: bias: expected [1,16,1,1], found [1,1,1,1]");
    CHECK_THROWS_WITH(conv_type(ctx, weights, {}, p.input.shape(),
                                {.activation = ops::activation::relu,
                                 .pooling = ops::pool_options{ops::pooling::l2}}),
                      Catch::Contains("fuses_pooling"));
    const conv_type conv(ctx, weights, {}, p.input.shape(), {.backward = false});
    auto input = on_device<float>(ctx, p.input, conv.input_layout());
    tensor<float, device> planar({1, 16, 9, 12}), output({1, 16, 9, 12}, order);
    tensor<std::uint8_t, device> few({1, 1, 1, 5});
    CHECK_THROWS_WITH(conv.forward(ctx, input, planar), Catch::Contains("found nchw"));
    CHECK_THROWS_WITH(conv.forward(ctx, input, output, few), Catch::Contains("gates"));
    CHECK_THROWS_AS(conv.backward_data(ctx, output, input), option_error);
}
