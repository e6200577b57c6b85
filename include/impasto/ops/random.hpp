#pragma once

#include <cstdint>

#include <impasto/ops/views.hpp>

/// Random tensors. Element i is a function of (seed, i) alone: SplitMix64 (Steele, Lea & Flood
/// 2014) read as a counter-based generator, so that no thread or device waits for another and the
/// bits are the same everywhere.
namespace impasto::ops {

namespace detail {

constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/// The 64 bits of element i. The seed is mixed first: as a bare start, two seeds that are a
/// multiple of the stride apart would give one sequence, shifted.
constexpr std::uint64_t random_bits(std::uint64_t seed, std::int64_t i) {
    constexpr std::uint64_t stride = 0x9e3779b97f4a7c15;  // 2⁶⁴ / φ
    return mix(mix(seed + stride) + stride * static_cast<std::uint64_t>(i));
}

}  // namespace detail

/// Multiples of (high − low)·2⁻²⁴ above `low`. Throws option_error unless low ≤ high, both finite.
template <class Device>
void fill_uniform(context<Device>& ctx, std::uint64_t seed, float low, float high,
                  out_view<float, Device> x);

/// Box & Muller 1958, one normal from each 64 bits; nothing lies beyond 6.7 deviations. Goes
/// through the platform's log and cos, whose last bit may differ between platforms.
/// Throws option_error unless both are finite and deviation ≥ 0.
template <class Device>
void fill_normal(context<Device>& ctx, std::uint64_t seed, float mean, float deviation,
                 out_view<float, Device> x);

}  // namespace impasto::ops
