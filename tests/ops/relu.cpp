#include <impasto/ops/relu.hpp>

#include <catch2/catch.hpp>

#include "support/engine.hpp"
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
tensor<std::uint8_t, device> mask_of(context<device>& ctx, const tensor<T, device>& features) {
    const auto bytes = ops::relu_mask_bytes(features.shape(), features.layout());
    tensor<std::uint8_t, device> mask({1, 1, 1, bytes});
    ops::relu_mask<T>(ctx, features, mask);
    return mask;
}

}  // namespace

TEMPLATE_TEST_CASE("relu is max(x, 0) at every size and in every layout", "", IMPASTO_MAP_TYPES) {
    in_every_way([](context<device>& ctx) {
        for (const auto order : any_orders)
            for (const auto& s : shapes) {
                CAPTURE(to_string(order), to_string(s));
                const auto x = rounded_to<TestType>(random_map(s.c, s.h, s.w, 1));
                auto features = on_device<TestType>(ctx, x, order);
                ops::relu<TestType>(ctx, features);
                CHECK(to_map(ctx, features).values == reference::relu(x).values);
            }
    });
}

TEMPLATE_TEST_CASE("relu's gradient passes where the features are positive, by mask and by map", "",
                   IMPASTO_MAP_TYPES) {
    in_every_way([](context<device>& ctx) {
        for (const auto order : feature_orders)
            for (const auto& s : shapes) {
                CAPTURE(to_string(order), to_string(s));
                const auto x = rounded_to<TestType>(with_zeros(random_map(s.c, s.h, s.w, 1)));
                const auto d = rounded_to<TestType>(random_map(s.c, s.h, s.w, 2));
                const auto expected = reference::relu_backward(x, d).values;
                const auto features = on_device<TestType>(ctx, x, order);
                auto by_mask = on_device<TestType>(ctx, d, order);
                auto by_map = on_device<TestType>(ctx, d, order);
                ops::relu_backward<TestType>(ctx, mask_of(ctx, features), by_mask);
                ops::relu_backward<TestType>(ctx, features, by_map);
                CHECK(to_map(ctx, by_mask).values == expected);
                CHECK(to_map(ctx, by_map).values == expected);
            }
    });
}

TEST_CASE("a closed gate stops even what is not finite, an open one lets it through") {
    context<device> ctx;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    map<double> values(8, 1, 1);
    values.values = {0, -0.0, -1, not_a_number, -infinity, 1e-40, 1, infinity};
    const auto features = on_device<float>(ctx, values, feature_orders[0]);
    const auto mask = mask_of(ctx, features);
    for (const float d : {infinity, not_a_number}) {
        auto by_mask = filled_on_device<float>(ctx, features.shape(), features.layout(), d);
        auto by_map = filled_on_device<float>(ctx, features.shape(), features.layout(), d);
        ops::relu_backward(ctx, mask, by_mask);
        ops::relu_backward(ctx, features, by_map);
        for (const auto* gradient : {&by_mask, &by_map}) {
            const auto found = values_of(ctx, *gradient);
            CHECK(std::count(found.begin(), found.begin() + 5, 0.0) == 5);
            CHECK(std::none_of(found.begin() + 5, found.end(),
                               [](double v) { return std::isfinite(v); }));
        }
    }
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
    context<device> ctx;
    const auto order = ctx.feature_layout();
    tensor<float, device> features({1, 16, 3, 5}, order), other({1, 16, 5, 3}, order),
        planar({1, 16, 3, 5}), three({1, 3, 1, 1});
    tensor<std::uint8_t, device> mask({1, 1, 1, 29}), nothing({1, 1, 1, 0});
    // 16 channels: 2 bytes a pixel in blocks, 4 in nhwc.
    const std::string expected = on_cuda ? "60" : "30";
    CHECK_THROWS_WITH(ops::relu_mask(ctx, features, mask),
                      "relu_mask: mask: expected [1,1,1," + expected + "], found [1,1,1,29]");
    CHECK_THROWS_WITH(ops::relu_backward(ctx, mask, features),
                      "relu_backward: mask: expected [1,1,1," + expected + "], found [1,1,1,29]");
    CHECK_THROWS_WITH(ops::relu_backward(ctx, features, other),
                      "relu_backward: gradient: expected [1,16,3,5], found [1,16,5,3]");
    CHECK_THROWS_WITH(ops::relu_backward(ctx, features, planar),
                      std::string("relu_backward: gradient: expected layout ") + to_string(order) +
                          ", found nchw");
    // Three elements have no whole byte: that is an error, not a mask of nothing.
    CHECK_THROWS_AS(ops::relu_mask(ctx, three, nothing), shape_error);
}
