#pragma once

#include <bit>
#include <cstdint>

namespace impasto {

/// The two 16-bit floating-point formats, for storage; arithmetic is done in float. Conversion to
/// float is exact; conversion from float rounds to nearest, ties to even. NaNs keep their sign and
/// the payload bits that fit.

/// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits; largest 65504, smallest 2⁻²⁴.
class half {
public:
    half() = default;
    constexpr explicit half(float value) : bits_(round(std::bit_cast<std::uint32_t>(value))) {}
    [[nodiscard]] static constexpr half from_bits(std::uint16_t bits) {
        half h{};
        h.bits_ = bits;
        return h;
    }

    [[nodiscard]] constexpr std::uint16_t bits() const { return bits_; }
    constexpr explicit operator float() const {
        const std::uint32_t sign = (bits_ & 0x8000u) << 16, magnitude = bits_ & 0x7fffu;
        if (magnitude >= infinity)
            return std::bit_cast<float>(sign | float_infinity | (magnitude & 0x3ffu) << 13);
        if (magnitude >= smallest_normal)
            return std::bit_cast<float>(sign | ((magnitude << 13) + rebias));
        const float subnormal = static_cast<float>(magnitude) * 0x1p-24f;
        return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(subnormal));
    }

private:
    static constexpr std::uint32_t infinity = 0x7c00, smallest_normal = 0x0400;
    static constexpr std::uint32_t float_infinity = 0x7f800000, rebias = (127 - 15) << 23;

    static constexpr std::uint16_t round(std::uint32_t f) {
        const std::uint32_t sign = (f >> 16) & 0x8000u, magnitude = f & 0x7fffffffu;
        return static_cast<std::uint16_t>(sign | round_magnitude(magnitude));
    }

    static constexpr std::uint32_t round_magnitude(std::uint32_t m) {
        constexpr std::uint32_t two_to_16 = 0x47800000, two_to_minus_14 = 0x38800000;
        if (m > float_infinity) {
            const std::uint32_t payload = (m >> 13) & 0x3ffu;
            return infinity | (payload != 0 ? payload : 0x200u);
        }
        if (m >= two_to_16)
            return infinity;
        if (m >= two_to_minus_14)  // a carry out of the fraction correctly increments the exponent
            return (m - rebias + 0xfffu + ((m >> 13) & 1u)) >> 13;
        // Floats from 0.5 to 1 have the spacing 2⁻²⁴ of half's subnormals: the addition rounds.
        const float shifted = std::bit_cast<float>(m) + 0.5f;
        return std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5f);
    }

    std::uint16_t bits_;
};

/// The upper half of a float: 1 sign, 8 exponent, 7 fraction bits.
class bfloat16 {
public:
    bfloat16() = default;
    constexpr explicit bfloat16(float value) : bits_(round(std::bit_cast<std::uint32_t>(value))) {}
    [[nodiscard]] static constexpr bfloat16 from_bits(std::uint16_t bits) {
        bfloat16 b{};
        b.bits_ = bits;
        return b;
    }

    [[nodiscard]] constexpr std::uint16_t bits() const { return bits_; }
    constexpr explicit operator float() const {
        return std::bit_cast<float>(static_cast<std::uint32_t>(bits_) << 16);
    }

private:
    static constexpr std::uint16_t round(std::uint32_t f) {
        const bool nan = (f & 0x7fffffffu) > 0x7f800000u;
        if (nan)  // if the payload is only in the bits cut off, it must not become infinity
            return static_cast<std::uint16_t>((f >> 16) | ((f & 0x7f0000u) != 0 ? 0u : 0x40u));
        return static_cast<std::uint16_t>((f + 0x7fffu + ((f >> 16) & 1u)) >> 16);
    }

    std::uint16_t bits_;
};

}  // namespace impasto
