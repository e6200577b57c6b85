#include <impasto/ops/upsample.hpp>

#include <catch2/catch.hpp>

#include "support/maps.hpp"
#include "support/reference_layers.hpp"

using namespace impasto;
using namespace support;

TEST_CASE("upsample and its backward pass agree with the reference at odd sizes") {
    context<cpu> ctx({.threads = GENERATE(1, 2)});
    for (const auto order : layouts)
        for (const std::int64_t factor : {1, 2, 3})
            for (const auto& s : odd_shapes) {
                CAPTURE(to_string(order), factor, s.c, s.h, s.w);
                const auto input = random_map(s.c, s.h, s.w, 1);
                const auto large = ops::upsampled(s, factor);
                const auto d_output = random_map(large.c, large.h, large.w, 2);
                auto output = filled(large, order, not_a_number);
                auto d_input = filled(s, order, not_a_number);
                ops::upsample<float>(ctx, factor, to_tensor(ctx, input, order), output);
                ops::upsample_backward<float>(ctx, factor, to_tensor(ctx, d_output, order),
                                              d_input);
                CHECK(to_map(ctx, output).values == reference::upsample(input, factor).values);
                CHECK(worst_error(to_map(ctx, d_input).values,
                                  reference::upsample_backward(d_output, factor).values) < 1e-6);
            }
}

TEST_CASE("the reference's upsample_backward is the gradient of its upsample") {
    const auto x = random_map(2, 3, 4, 1), d = random_map(2, 9, 12, 2);
    const auto loss = [&](const std::vector<double>& values) {
        auto input = x;
        input.values = values;
        return reference::dot(reference::upsample(input, 3).values, d.values);
    };
    CHECK(relative_error(reference::upsample_backward(d, 3).values,
                         reference::numeric_gradient(loss, x.values)) < 1e-8);
}

TEST_CASE("upsample refuses what does not fit, with both shapes") {
    context<cpu> ctx;
    tensor<float, cpu> small({1, 2, 3, 4}), large({1, 2, 6, 9}),
        blocked({1, 2, 6, 8}, layout::nchw8c);
    CHECK_THROWS_WITH(ops::upsample<float>(ctx, 2, small, large),
                      Catch::Contains("[1,2,6,8]") && Catch::Contains("[1,2,6,9]"));
    CHECK_THROWS_WITH(ops::upsample<float>(ctx, 2, small, blocked), Catch::Contains("nchw8c"));
    CHECK_THROWS_WITH(ops::upsample_backward<float>(ctx, 2, large, small),
                      Catch::Contains("[1,2,6,9]"));
    CHECK_THROWS_WITH(ops::upsampled({1, 2, 3, 4}, 0), Catch::Contains("found 0"));
}
