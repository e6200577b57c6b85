#include <impasto/ops/instance_norm.hpp>

#include <catch2/catch.hpp>

#include "support/maps.hpp"
#include "support/reference_layers.hpp"

using namespace impasto;
using namespace support;

namespace {

constexpr float epsilon = 1e-3f;

struct problem {
    explicit problem(const shape& s)
        : x(random_map(s.c, s.h, s.w, 1, -1, 3)),
          dy(random_map(s.c, s.h, s.w, 2)),
          scale(random_values(static_cast<std::size_t>(s.c), 3, 0.5, 2)),
          shift(random_values(static_cast<std::size_t>(s.c), 4)),
          scale_tensor(to_tensor(scale, {1, s.c, 1, 1})),
          shift_tensor(to_tensor(shift, {1, s.c, 1, 1})) {}

    map<double> x, dy;
    std::vector<double> scale, shift;
    tensor<float, cpu> scale_tensor, shift_tensor;
};

}  // namespace

TEST_CASE("instance_norm and its gradients agree with the reference at odd sizes") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto order : layouts)
        for (const auto& s : odd_shapes) {
            CAPTURE(to_string(order), s.c, s.h, s.w);
            const problem p(s);
            const auto x = to_tensor(ctx, p.x, order), dy = to_tensor(ctx, p.dy, order);
            auto y = filled(s, order, not_a_number), dx = filled(s, order, not_a_number);
            auto statistics = filled({1, 2, 1, s.c}, layout::nchw, not_a_number);
            auto d_scale = filled({1, s.c, 1, 1}, layout::nchw, not_a_number),
                 d_shift = filled({1, s.c, 1, 1}, layout::nchw, not_a_number);
            ops::instance_norm<float>(ctx, epsilon, x, p.scale_tensor, p.shift_tensor, y,
                                      statistics);
            ops::instance_norm_backward<float>(ctx, {x, statistics}, p.scale_tensor, dy,
                                               {dx, d_scale, d_shift});
            const double e = static_cast<double>(epsilon);
            const auto expected = reference::instance_norm_backward(p.x, p.scale, p.dy, e);
            CHECK(worst_error(to_map(ctx, y).values,
                              reference::instance_norm(p.x, p.scale, p.shift, e).values) < 2e-6);
            // Where a plane is one pixel the gradient is zero, the difference of equal terms.
            const double largest = s.pixels() == 1 ? 1e3 : 1;
            CHECK(worst_error(to_map(ctx, dx).values, expected.input.values) < 5e-6 * largest);
            CHECK(worst_error({d_scale.begin(), d_scale.end()}, expected.scale) < 5e-6);
            CHECK(worst_error({d_shift.begin(), d_shift.end()}, expected.shift) < 1e-6);
        }
}

TEST_CASE("instance_norm leaves the channels that fill up a block zero, and may run in place") {
    context<cpu> ctx;
    const problem p({1, 5, 13, 11});
    auto x = to_tensor(ctx, p.x, layout::nchw8c);
    auto y = filled(p.x.shape(), layout::nchw8c, not_a_number);
    ops::instance_norm<float>(ctx, epsilon, x, p.scale_tensor, p.shift_tensor, y, {});
    for (std::int64_t i = 0; i < y.size(); ++i)
        if (i % 8 >= 5)
            CHECK(y.data()[i] == 0);
    ops::instance_norm<float>(ctx, epsilon, x, p.scale_tensor, p.shift_tensor, x, {});
    CHECK(same_bytes(x, y));
}

TEST_CASE("the reference's instance_norm_backward is the gradient of its instance_norm") {
    const problem p({1, 2, 3, 4});
    const auto loss = [&](const std::vector<double>& x, const std::vector<double>& scale,
                          const std::vector<double>& shift) {
        auto input = p.x;
        input.values = x;
        return reference::dot(reference::instance_norm(input, scale, shift, 1e-3).values,
                              p.dy.values);
    };
    const auto found = reference::instance_norm_backward(p.x, p.scale, p.dy, 1e-3);
    using reference::numeric_gradient;
    CHECK(relative_error(found.input.values,
                         numeric_gradient([&](auto& x) { return loss(x, p.scale, p.shift); },
                                          p.x.values)) < 1e-7);
    CHECK(relative_error(
              found.scale,
              numeric_gradient([&](auto& scale) { return loss(p.x.values, scale, p.shift); },
                               p.scale)) < 1e-8);
    CHECK(relative_error(
              found.shift,
              numeric_gradient([&](auto& shift) { return loss(p.x.values, p.scale, shift); },
                               p.shift)) < 1e-8);
}

TEST_CASE("instance_norm refuses what does not fit") {
    context<cpu> ctx;
    problem p({1, 5, 3, 4});
    const auto x = to_tensor(ctx, p.x);
    tensor<float, cpu> y(x.shape()), few({1, 4, 1, 1}), statistics({1, 1, 1, 5});
    const auto normalize = [&](float e, const auto& scale, auto statistics_view) {
        ops::instance_norm<float>(ctx, e, x, scale, p.shift_tensor, y, statistics_view);
    };
    CHECK_THROWS_WITH(normalize(1, few, tensor_view<float, cpu>()),
                      Catch::Contains("scale") && Catch::Contains("[1,5,1,1]"));
    CHECK_THROWS_WITH(normalize(1, p.scale_tensor, statistics.view()),
                      Catch::Contains("statistics") && Catch::Contains("[1,2,1,5]"));
    CHECK_THROWS_AS(normalize(0, p.scale_tensor, tensor_view<float, cpu>()), option_error);
}
