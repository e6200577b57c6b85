#include <impasto/ops/relu.hpp>

#include <catch2/catch.hpp>

#include "support/device_maps.hpp"

using namespace impasto;
using namespace support;

TEST_CASE("a mask on the GPU has channel c at bit c mod 8 of byte c/8, and zeros past the last") {
    context<cuda> ctx;
    map<double> x(40, 1, 2, -1.0);
    x.at(0, 0, 0) = x.at(9, 0, 0) = x.at(39, 0, 0) = x.at(33, 0, 1) = 1;
    tensor<std::uint8_t, cuda> masks({1, 1, 1, 16});
    ops::relu_mask<half>(ctx, to_device<half>(ctx, x), masks);
    const auto mask = to_host(ctx, masks);
    const std::vector<int> expected{1, 2, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0};
    CHECK(std::vector<int>(mask.begin(), mask.end()) == expected);
}
