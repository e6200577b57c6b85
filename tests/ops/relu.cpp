#include <impasto/ops/relu.hpp>

#include <catch2/catch.hpp>

#include "support/maps.hpp"
#include "support/reference.hpp"

using namespace impasto;
using namespace support;

namespace {

tensor<std::uint8_t, cpu> mask_for(const tensor<float, cpu>& features) {
    return tensor<std::uint8_t, cpu>(
        {1, 1, 1, ops::relu_mask_bytes(features.shape(), features.layout())});
}

}  // namespace

TEST_CASE("relu is max(x, 0) at every size and in every layout") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto order : layouts)
        for (const auto& s : odd_shapes) {
            CAPTURE(to_string(order), to_string(s));
            const auto x = random_map(s.c, s.h, s.w, 1);
            auto t = to_tensor(ctx, x, order);
            ops::relu(ctx, t);
            CHECK(to_map(ctx, t).values == reference::relu(x).values);
        }
}

TEST_CASE("relu's gradient passes where the features are positive, by mask and by map") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto order : feature_layouts)
        for (const auto& s : odd_shapes) {
            CAPTURE(to_string(order), to_string(s));
            const auto before = random_map(s.c, s.h, s.w, 1), d = random_map(s.c, s.h, s.w, 2);
            const auto features = to_tensor(ctx, reference::relu(before), order);
            const auto expected = reference::relu_backward(before, d);

            auto mask = mask_for(features);
            ops::relu_mask(ctx, features, mask);
            auto by_mask = to_tensor(ctx, d, order), by_map = to_tensor(ctx, d, order);
            ops::relu_backward(ctx, mask.view(), by_mask);
            ops::relu_backward(ctx, features.view(), by_map);
            CHECK(to_map(ctx, by_mask).values == expected.values);
            CHECK(same_bytes(by_mask, by_map));
        }
}

TEST_CASE("a closed gate stops even what is not finite, an open one lets it through") {
    context<cpu> ctx;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    auto features = filled({1, 8, 1, 1}, layout::nchw8c, 0);
    const float values[8] = {0, -0.0f, -1, not_a_number, -infinity, 1e-40f, 1, infinity};
    std::copy_n(values, 8, features.data());
    auto mask = mask_for(features);
    ops::relu_mask(ctx, features, mask);
    for (const float d : {infinity, not_a_number}) {
        auto by_mask = filled(features.shape(), layout::nchw8c, d);
        auto by_map = filled(features.shape(), layout::nchw8c, d);
        ops::relu_backward(ctx, mask.view(), by_mask);
        ops::relu_backward(ctx, features.view(), by_map);
        CHECK(std::count(by_mask.begin(), by_mask.begin() + 5, 0.0f) == 5);
        CHECK(std::none_of(by_mask.begin() + 5, by_mask.end(),
                           [](float v) { return std::isfinite(v); }));
        CHECK(same_bytes(by_mask, by_map));
    }
}

TEST_CASE("the reference's relu_backward is the gradient of its relu") {
    auto x = random_map(2, 3, 5, 3), d = random_map(2, 3, 5, 4);
    for (double& v : x.values)  // away from the kink
        v += v > 0 ? 0.01 : -0.01;
    const auto loss = [&](const std::vector<double>& values) {
        auto input = x;
        input.values = values;
        return reference::dot(reference::relu(input).values, d.values);
    };
    CHECK(relative_error(reference::relu_backward(x, d).values,
                         reference::numeric_gradient(loss, x.values)) < 1e-8);
}

TEST_CASE("a ReLU's mask is a bit an element, padding included") {
    CHECK(ops::relu_mask_bytes({1, 64, 7, 5}, layout::nchw16c) == 64 * 7 * 5 / 8);
    CHECK(ops::relu_mask_bytes({1, 1, 7, 5}, layout::nchw16c) == 16 * 7 * 5 / 8);
    CHECK(ops::relu_mask_bytes({1, 3, 1, 1}, layout::nchw8c) == 1);
    CHECK(ops::relu_mask_bytes({1, 64, 7, 5}, layout::nhwc) == 64 * 7 * 5 / 8);
    CHECK(ops::relu_mask_bytes({1, 33, 7, 5}, layout::nhwc) == 8 * 7 * 5);
    CHECK(ops::relu_mask_bytes({1, 3, 1, 1}, layout::nhwc) == 4);
    CHECK_THROWS_WITH(ops::relu_mask_bytes({1, 3, 1, 1}, layout::nchw),
                      Catch::Contains("[1,3,1,1]") && Catch::Contains("feature layout"));
}

TEST_CASE("relu operations refuse what disagrees, with both shapes") {
    context<cpu> ctx;
    auto features = filled({1, 16, 3, 5}, layout::nchw16c, 1);
    auto other = filled({1, 16, 5, 3}, layout::nchw16c, 1);
    auto planar = filled({1, 16, 3, 5}, layout::nchw, 1);
    tensor<std::uint8_t, cpu> mask({1, 1, 1, 29});
    CHECK_THROWS_WITH(ops::relu_mask(ctx, features, mask),
                      "relu_mask: mask: expected [1,1,1,30], found [1,1,1,29]");
    CHECK_THROWS_WITH(ops::relu_backward(ctx, mask.view(), features),
                      "relu_backward: mask: expected [1,1,1,30], found [1,1,1,29]");
    CHECK_THROWS_WITH(ops::relu_backward(ctx, features.view(), other),
                      "relu_backward: gradient: expected [1,16,3,5], found [1,16,5,3]");
    CHECK_THROWS_WITH(ops::relu_backward(ctx, features.view(), planar),
                      "relu_backward: gradient: expected layout nchw16c, found nchw");
    // Three elements have no whole byte: that is an error, not a mask of nothing.
    const auto three = filled({1, 3, 1, 1}, layout::nchw, 1);
    tensor<std::uint8_t, cpu> nothing({1, 1, 1, 0});
    CHECK_THROWS_AS(ops::relu_mask(ctx, three, nothing), shape_error);
}
