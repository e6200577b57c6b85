#include <impasto/ops/conv2d.hpp>

#include <cstdint>
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

template <class T>
tensor<std::uint8_t, cuda> gates_for(const ops::conv2d<T, cuda>& conv) {
    return tensor<std::uint8_t, cuda>({1, 1, 1, conv.gate_bytes()});
}

}  // namespace

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

TEST_CASE("conv2d on CUDA refuses strides") {
    context<cuda> ctx;
    const problem p({8, 16, 9, 12});
    using conv_type = ops::conv2d<half, cuda>;
    CHECK_THROWS_WITH(
        conv_type(ctx, p.weight_tensor, {}, p.input.shape(), {.geometry = {.stride = 2}}),
        Catch::Contains("stride 2"));
}
