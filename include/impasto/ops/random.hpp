#pragma once

#include <cstdint>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>

/// Random tensors. Element i is a function of (seed, i) alone: SplitMix64 (Steele, Lea & Flood
/// 2014) read as a counter-based generator, so that no thread or device waits for another and the
/// bits are the same everywhere.
namespace impasto::ops {

/// Multiples of (high − low)·2⁻²⁴ above `low`. Throws option_error unless low ≤ high, both finite.
void fill_uniform(context<cpu>& ctx, std::uint64_t seed, float low, float high,
                  tensor_view<float, cpu> x);

/// Box & Muller 1958, one normal from each 64 bits; nothing lies beyond 6.7 deviations. Goes
/// through the platform's log and cos, whose last bit may differ between platforms.
/// Throws option_error unless both are finite and deviation ≥ 0.
void fill_normal(context<cpu>& ctx, std::uint64_t seed, float mean, float deviation,
                 tensor_view<float, cpu> x);

}  // namespace impasto::ops
