#include <impasto/ops/relu.hpp>

#include <catch2/catch.hpp>

#include "support/feature_types.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

/// Every third value is zero, where neither the map nor its gradient passes.
map<double> with_zeros(map<double> m) {
    for (std::size_t i = 0; i < m.values.size(); i += 3)
        m.values[i] = 0;
    return m;
}

template <class T>
tensor<std::uint8_t, cuda> mask_of(context<cuda>& ctx, const tensor<T, cuda>& features) {
    tensor<std::uint8_t, cpu> ones(
        {1, 1, 1, ops::relu_mask_bytes(features.shape(), features.layout())});
    std::fill(ones.begin(), ones.end(), std::uint8_t{0xff});
    auto mask = to_device(ctx, ones);
    ops::relu_mask(ctx, features, mask);
    return mask;
}

}  // namespace

TEMPLATE_TEST_CASE("a ReLU and both its gradients are the reference's on the GPU", "", float, half,
                   bfloat16) {
    context<cuda> ctx;
    in_every_order([&] {
        for (const auto& s : device_shapes) {
            CAPTURE(to_string(s));
            const auto x = rounded_to<TestType>(with_zeros(random_map(s.c, s.h, s.w, 1)));
            const auto d = rounded_to<TestType>(random_map(s.c, s.h, s.w, 2));
            const auto expected = reference::relu_backward(x, d).values;

            auto features = to_device<TestType>(ctx, x);
            auto gradient = to_device<TestType>(ctx, d);
            ops::relu_backward(ctx, mask_of(ctx, features).view(), gradient);
            CHECK(to_map(ctx, gradient).values == expected);

            gradient = to_device<TestType>(ctx, d);
            ops::relu_backward(ctx, features.view(), gradient);
            CHECK(to_map(ctx, gradient).values == expected);

            ops::relu(ctx, features);
            CHECK(to_map(ctx, features).values == reference::relu(x).values);
        }
    });
}

TEST_CASE("a mask on the GPU has channel c at bit c mod 8 of byte c/8, and zeros past the last") {
    context<cuda> ctx;
    map<double> x(40, 1, 2, -1.0);
    x.at(0, 0, 0) = x.at(9, 0, 0) = x.at(39, 0, 0) = x.at(33, 0, 1) = 1;
    const auto mask = to_host(ctx, mask_of(ctx, to_device<half>(ctx, x)));
    const std::vector<int> expected{1, 2, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0};
    CHECK(std::vector<int>(mask.begin(), mask.end()) == expected);
}

TEST_CASE("a ReLU of a GPU refuses what disagrees") {
    context<cuda> ctx;
    tensor<half, cuda> features({1, 8, 3, 5}, layout::nhwc), planar({1, 8, 3, 5});
    tensor<std::uint8_t, cuda> mask({1, 1, 1, 59});
    CHECK_THROWS_WITH(ops::relu_mask(ctx, features, mask),
                      "relu_mask: mask: expected [1,1,1,60], found [1,1,1,59]");
    CHECK_THROWS_WITH(ops::relu_backward(ctx, mask.view(), planar),
                      "relu_backward: features: expected layout nhwc, found nchw");
    CHECK_THROWS_WITH(ops::relu_backward(ctx, features.view(), planar),
                      "relu_backward: gradient: expected layout nhwc, found nchw");
}
