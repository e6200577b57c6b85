#include <impasto/ops/gram.hpp>

#include <catch2/catch.hpp>

#include "support/device_maps.hpp"

using namespace impasto;
using namespace support;

namespace {

std::vector<double> values_of(context<cuda>& ctx, const tensor<float, cuda>& t) {
    const auto host = to_host(ctx, t);
    return {host.begin(), host.end()};
}

}  // namespace

TEST_CASE("scaling half features by a power of two scales their Gram matrix exactly") {
    context<cuda> ctx;
    // Nothing below 2⁻³, so that no scaled value is subnormal.
    const auto f = rounded_to<half>(random_map(72, 5, 7, 1, 0.125, 1));
    auto scaled = f;
    for (double& v : scaled.values)
        v *= 0x1p-7;
    tensor<float, cuda> gram({1, 1, 72, 72}), small({1, 1, 72, 72});
    ops::gram<half>(ctx, to_device<half>(ctx, f), gram);
    ops::gram<half>(ctx, to_device<half>(ctx, scaled), small);
    auto expected = values_of(ctx, gram);
    for (double& v : expected)
        v *= 0x1p-14;
    CHECK(values_of(ctx, small) == expected);
}

TEST_CASE("a Gram matrix of half features beyond half's range is finite") {
    context<cuda> ctx;
    tensor<float, cuda> gram({1, 1, 8, 8});
    ops::gram<half>(ctx, to_device<half>(ctx, map<double>(8, 5, 7, 60000.0)), gram);
    for (const double value : values_of(ctx, gram))
        CHECK(value == Approx(35 * std::pow(59999.0, 2)).epsilon(1e-3));
}
