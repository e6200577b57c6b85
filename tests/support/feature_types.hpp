#pragma once

// What the tests of maps on a GPU have in common: types, extents, and how near is near.

#include <type_traits>
#include <vector>

#include "support/device_maps.hpp"
#include "support/every_order.hpp"

namespace support {

/// ‖error‖ / ‖reference‖ that a result in T may have.
template <class T>
constexpr double tolerance = std::is_same_v<T, float> ? 1e-5 : 5e-3;

/// A pixel, primes, no multiple of any tile; three channels, whole and broken groups of 8 and 32.
inline const std::vector<impasto::shape> device_shapes{
    {1, 3, 1, 1}, {1, 8, 5, 7}, {1, 64, 5, 7}, {1, 40, 17, 33}, {1, 3, 17, 33}, {1, 72, 4, 2}};

/// All NaN: shows what an operation forgets to write.
template <class T>
tensor<T, cuda> unwritten(context<cuda>& ctx, impasto::shape s, layout order = layout::nhwc) {
    tensor<T, cpu> host(s, order);
    std::fill(host.begin(), host.end(), T(not_a_number));
    return to_device(ctx, host);
}

}  // namespace support
