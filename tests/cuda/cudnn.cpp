#include <impasto/ops/conv2d.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/engine.hpp"
#include "support/maps.hpp"
#include "support/needs_cudnn.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;
using ops::conv_engine;

namespace {

struct geometry {
    std::int64_t in, out, h, w;
    bool usual;  // as networks have it: cuDNN must have a plan
    ops::conv_geometry filter{};
};

const geometry geometries[] = {
    {3, 64, 17, 33, true},
    {64, 64, 6, 10, true},
    {64, 128, 9, 7, true},
    {16, 136, 3, 20, true},
    {3, 64, 9, 11, true, {.padding = 0}},
    {8, 16, 7, 5, false, {.kernel = 1, .padding = 0}},
    {8, 16, 7, 5, false, {.kernel = 2, .padding = 1}},
    {8, 16, 7, 5, false, {.padding = 2}},
    {1, 1, 1, 1, false},
    {5, 7, 1, 9, false},
    {40, 70, 5, 7, false},
};

struct problem {
    explicit problem(const geometry& g)
        : input(random_map(g.in, g.h, g.w, 1)),
          weights(random_values(
              static_cast<std::size_t>(g.out * g.in * g.filter.kernel * g.filter.kernel), 3)),
          bias(random_values(static_cast<std::size_t>(g.out), 4)),
          weight_tensor(to_tensor(weights, {g.out, g.in, g.filter.kernel, g.filter.kernel})),
          bias_tensor(to_tensor(bias, {1, g.out, 1, 1})) {}

    map<double> input;
    std::vector<double> weights, bias;
    tensor<float, cpu> weight_tensor, bias_tensor;
};

/// None where cuDNN has no plan for what no network asks for.
template <class T>
std::optional<ops::conv2d<T, cuda>> planned(context<cuda>& ctx, const geometry& g,
                                            const problem& p) {
    const ops::conv_options options{.geometry = g.filter,
                                    .activation = ops::activation::relu,
                                    .method = {.engine = conv_engine::cudnn}};
    if (g.usual)
        return ops::conv2d<T, cuda>(ctx, p.weight_tensor, p.bias_tensor, p.input.shape(), options);
    try {
        return ops::conv2d<T, cuda>(ctx, p.weight_tensor, p.bias_tensor, p.input.shape(), options);
    } catch (const option_error& e) {
        CHECK_THAT(e.what(), Catch::StartsWith("conv_engine: cuDNN has no plan for [1,") &&
                                 Catch::EndsWith("; take native"));
        return {};
    }
}

template <class T>
void check_against_reference(context<cuda>& ctx, const geometry& g) {
    const auto k = g.filter.kernel, padding = g.filter.padding;
    CAPTURE(g.in, g.out, g.h, g.w, k, padding);
    const problem p(g);
    const auto conv = planned<T>(ctx, g, p);
    if (!conv)
        return;
    const auto convolved = reference::conv2d(p.input, p.weights, p.bias, k, padding);
    REQUIRE(conv->output_shape() == convolved.shape());
    auto output = filled_on_device<T>(ctx, conv->output_shape(), layout::nhwc);
    tensor<std::uint8_t, cuda> gates({1, 1, 1, conv->gate_bytes()});
    conv->forward(ctx, to_device<stored<T>>(ctx, p.input, conv->input_layout()), output, gates);
    CHECK(relative_error(to_map(ctx, output).values, reference::relu(convolved).values) <
          tolerance<T>);

    const auto d_output =
        random_map(convolved.shape().c, convolved.shape().h, convolved.shape().w, 2);
    auto d_device = to_device<stored<T>>(ctx, d_output);
    auto d_input = filled_on_device<T>(ctx, p.input.shape(), layout::nhwc);
    conv->backward_data(ctx, d_device, d_input);
    const auto back = [&](const map<double>& d) {
        return reference::conv2d_backward_data(d, p.weights, p.input.shape(), k, padding).values;
    };
    CHECK(relative_error(to_map(ctx, d_input).values, back(d_output)) < tolerance<T>);
    conv->backward(ctx, gates, d_device, d_input);
    CHECK(relative_error(to_map(ctx, d_input).values,
                         back(reference::relu_backward(to_map(ctx, output), d_output))) <
          tolerance<T>);
}

/// −1, 0 and 1, of which sums are whole.
std::vector<double> small_integers(std::size_t count, unsigned seed) {
    auto values = random_values(count, seed);
    for (double& value : values)
        value = std::round(value);
    return values;
}

}  // namespace

TEMPLATE_TEST_CASE("cuDNN's conv2d agrees with the reference, forward and backward", "", float,
                   tf32, half, bfloat16) {
    context<cuda> ctx;
    if (!finds_cudnn(ctx))
        return;
    for (const auto& g : geometries)
        check_against_reference<TestType>(ctx, g);
}

TEMPLATE_TEST_CASE("cuDNN's conv2d and ours leave the same maps and gates", "", float, half,
                   bfloat16) {
    context<cuda> ctx;
    if (!finds_cudnn(ctx))
        return;
    for (const auto after : {ops::activation::none, ops::activation::relu})
        for (const std::int64_t channels : {8, 40, 64}) {
            CAPTURE(after == ops::activation::relu, channels);
            map<double> input(16, 7, 9);
            input.values = small_integers(input.values.size(), 1);
            const auto count = static_cast<std::size_t>(channels);
            const auto weights = to_tensor(small_integers(count * 16 * 9, 2), {channels, 16, 3, 3});
            auto bias = small_integers(count, 3);
            for (double& value : bias)
                value += 0.5;  // no sum is near zero, so that no gate is a matter of rounding
            const auto run = [&](conv_engine engine) {
                const ops::conv2d<TestType, cuda> conv(
                    ctx, weights, to_tensor(bias, {1, channels, 1, 1}), input.shape(),
                    {.activation = after, .method = {.engine = engine}});
                auto output = filled_on_device<TestType>(ctx, conv.output_shape(), layout::nhwc);
                tensor<std::uint8_t, cuda> gates({1, 1, 1, conv.gate_bytes()});
                conv.forward(ctx, to_device<TestType>(ctx, input), output, gates);
                return std::pair{to_map(ctx, output).values, to_host(ctx, gates)};
            };
            in_every_order([&] {
                const auto [output, gates] = run(conv_engine::cudnn);
                const auto [our_output, our_gates] = run(conv_engine::native);
                CHECK(relative_error(output, our_output) < tolerance<TestType>);
                CHECK(same_bytes(gates, our_gates));
            });
        }
}

TEST_CASE("TF32 by cuDNN leaves maps rounded to it") {
    context<cuda> ctx;
    if (!finds_cudnn(ctx))
        return;
    const geometry g{16, 24, 5, 7, true};
    const problem p(g);
    const auto conv = planned<tf32>(ctx, g, p);
    auto output = filled_on_device<float>(ctx, conv->output_shape(), layout::nhwc);
    conv->forward(ctx, to_device<float>(ctx, p.input), output);
    for (const float value : to_host(ctx, output))
        CHECK((std::bit_cast<std::uint32_t>(value) & 0x1fffu) == 0);
}

TEST_CASE("cuDNN's conv2d reads pixels in nhwc, and fuses no pool") {
    context<cuda> ctx;
    if (!finds_cudnn(ctx))
        return;
    const geometry g{3, 64, 8, 8, true};
    const problem p(g);
    CHECK(planned<half>(ctx, g, p)->input_layout() == layout::nhwc);
    const ops::conv_options options{.pooling = ops::pool_options{ops::pooling::max},
                                    .method = {.engine = conv_engine::cudnn}};
    using conv_type = ops::conv2d<half, cuda>;
    CHECK_FALSE(conv_type::fuses_pooling(p.input.shape(), options));
    CHECK_THROWS_WITH(conv_type(ctx, p.weight_tensor, {}, p.input.shape(), options),
                      Catch::Contains("this pool cannot be fused"));
}

TEST_CASE("cuDNN's conv2d says what scratch it takes, and takes no more") {
    context<cuda> ctx;
    if (!finds_cudnn(ctx))
        return;
    const geometry g{64, 64, 12, 9, true};
    const problem p(g);
    const auto conv = planned<half>(ctx, g, p);
    const auto bytes = conv->scratch_bytes(ctx);
    ctx.reserve(bytes);
    const auto reserved = ctx.reserved_bytes();
    tensor<half, cuda> output(conv->output_shape(), layout::nhwc);
    auto d_input = to_device<half>(ctx, p.input);
    conv->forward(ctx, d_input, output);
    conv->backward_data(ctx, output, d_input);
    ctx.synchronize();
    CHECK(bytes > 0);
    CHECK(ctx.reserved_bytes() == reserved);
}

TEST_CASE("cuDNN's conv2d planned for forward alone refuses the way back") {
    context<cuda> ctx;
    if (!finds_cudnn(ctx))
        return;
    const problem p({8, 16, 9, 12, true});
    const ops::conv2d<half, cuda> conv(
        ctx, p.weight_tensor, {}, p.input.shape(),
        {.method = {.engine = conv_engine::cudnn}, .backward = false});
    tensor<half, cuda> output({1, 16, 9, 12}, layout::nhwc), d_input(p.input.shape(), layout::nhwc);
    CHECK_THROWS_WITH(conv.backward_data(ctx, output, d_input),
                      Catch::Contains("planned for forward alone"));
}
