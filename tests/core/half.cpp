#include <impasto/core/half.hpp>

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

using namespace impasto;

namespace {

/// The value that the format's definition gives to these bits; for finite numbers.
double defined_value(std::uint16_t bits, int exponent_bits, int fraction_bits) {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const int exponent = (bits >> fraction_bits) & ((1 << exponent_bits) - 1);
    const int fraction = bits & ((1 << fraction_bits) - 1);
    const double sign = bits & 0x8000 ? -1 : 1;
    if (exponent == 0)
        return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
    return sign * std::ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits);
}

bool same_bits(float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// Counts, so that 65536 checks make one line of output.
template <class Narrow>
int wrong_values(int exponent_bits, int fraction_bits) {
    const std::uint16_t infinity =
        static_cast<std::uint16_t>(((1 << exponent_bits) - 1) << fraction_bits);
    int wrong = 0;
    for (int i = 0; i < 65536; ++i) {
        const auto bits = static_cast<std::uint16_t>(i);
        const auto value = static_cast<float>(Narrow::from_bits(bits));
        const auto magnitude = bits & 0x7fff;
        if (magnitude > infinity)
            wrong += !std::isnan(value) || std::signbit(value) != (bits >> 15);
        else if (magnitude == infinity)
            wrong += !std::isinf(value) || std::signbit(value) != (bits >> 15);
        else
            wrong += !same_bits(
                value, static_cast<float>(defined_value(bits, exponent_bits, fraction_bits)));
        wrong += Narrow(value).bits() != bits;
    }
    return wrong;
}

/// Between neighbours the nearer one is taken, and in the middle the even one.
template <class Narrow>
int wrong_roundings(std::uint16_t largest) {
    int wrong = 0;
    for (std::uint16_t low = 0; low < largest; ++low) {
        const auto high = static_cast<std::uint16_t>(low + 1);
        const auto a = static_cast<float>(Narrow::from_bits(low));
        const auto b = static_cast<float>(Narrow::from_bits(high));
        // One more bit than the narrow format has: exact in float, but for bfloat16's subnormals
        const auto middle = static_cast<float>((static_cast<double>(a) + b) / 2);
        const std::uint16_t even = low % 2 == 0 ? low : high;
        wrong += Narrow(middle).bits() != even;
        wrong += Narrow(-middle).bits() != (even | 0x8000);
        wrong += Narrow(std::nextafter(middle, 0.f)).bits() != low;
        wrong += Narrow(std::nextafter(middle, std::numeric_limits<float>::max())).bits() != high;
    }
    return wrong;
}

}  // namespace

TEST_CASE("all 65536 halves have their defined value and come back") {
    CHECK(wrong_values<half>(5, 10) == 0);
}

TEST_CASE("all 65536 bfloat16 have their defined value and come back") {
    CHECK(wrong_values<bfloat16>(8, 7) == 0);
}

TEST_CASE("conversion rounds to the nearest, ties to even") {
    CHECK(wrong_roundings<half>(0x7bff) == 0);
    CHECK(wrong_roundings<bfloat16>(0x7f7e) == 0);
}

TEST_CASE("what is too large becomes infinity, what is too small zero") {
    const auto bits = [](float value) { return half(value).bits(); };
    CHECK(bits(65519.996f) == 0x7bff);
    CHECK(bits(65520.f) == 0x7c00);
    CHECK(bits(-1e30f) == 0xfc00);
    CHECK(bits(0x1p-25f) == 0);
    CHECK(bits(0x1.000002p-25f) == 1);
    CHECK(bits(-std::numeric_limits<float>::denorm_min()) == 0x8000);

    const float largest = std::numeric_limits<float>::max();
    CHECK(bfloat16(largest).bits() == 0x7f80);
    CHECK(bfloat16(-largest).bits() == 0xff80);
    CHECK(bfloat16(0x1.fep127f).bits() == 0x7f7f);
}

TEST_CASE("a NaN stays a NaN even if its payload does not fit") {
    const auto nan = std::bit_cast<float>(0x7f800001u);
    CHECK(std::isnan(static_cast<float>(half(nan))));
    CHECK(std::isnan(static_cast<float>(bfloat16(nan))));
    CHECK(half(std::numeric_limits<float>::quiet_NaN()).bits() == 0x7e00);
}

TEST_CASE("conversions work at compile time") {
    STATIC_REQUIRE(half(1.f).bits() == 0x3c00);
    STATIC_REQUIRE(static_cast<float>(half::from_bits(0x3555)) == 0.333251953125f);
    STATIC_REQUIRE(bfloat16(1.f).bits() == 0x3f80);
}
