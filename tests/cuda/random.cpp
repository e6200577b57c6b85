#include <impasto/ops/random.hpp>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "support/device_maps.hpp"

using namespace impasto;
using support::to_host;

TEST_CASE("uniform numbers are the CPU's, bit for bit") {
    context<cpu> here;
    context<cuda> there;
    for (const std::int64_t n : {1, 255, 257, 10'007}) {
        tensor<float, cpu> expected({1, 1, 1, n});
        tensor<float, cuda> found(expected.shape());
        ops::fill_uniform(here, 17, -0.3f, 1.7f, expected);
        ops::fill_uniform(there, 17, -0.3f, 1.7f, found);
        CHECK(support::same_bytes(to_host(there, found), expected));
    }
}

TEST_CASE("normal numbers are the CPU's but for a last bit") {
    context<cpu> here;
    context<cuda> there;
    tensor<float, cpu> expected({1, 3, 31, 37});
    tensor<float, cuda> found(expected.shape());
    ops::fill_normal(here, 18, 0.5f, 0.15f, expected);
    ops::fill_normal(there, 18, 0.5f, 0.15f, found);
    const auto back = to_host(there, found);
    for (std::int64_t i = 0; i < back.size(); ++i)
        REQUIRE(back.data()[i] == Approx(expected.data()[i]).epsilon(2e-7).margin(1e-7));
}

TEST_CASE("random numbers on a GPU have the same limits as on the CPU") {
    context<cuda> ctx;
    tensor<float, cuda> x({1, 1, 1, 1});
    CHECK_THROWS_AS(ops::fill_uniform(ctx, 1, 1, 0, x), option_error);
    CHECK_THROWS_AS(ops::fill_normal(ctx, 1, 0, -1, x), option_error);
}
