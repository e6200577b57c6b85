#pragma once

// The device, number types, layouts and shapes that operations are tested with: one body and one
// list for all. A program that is compiled with IMPASTO_TESTS_ON_CUDA tests the CUDA engine,
// emulated or on a GPU; one without, the CPU's.

#include <type_traits>
#include <vector>

#include <impasto/core/element.hpp>

#include "support/device_maps.hpp"
#include "support/every_order.hpp"

namespace support {

using impasto::stored;
using impasto::tf32;

#ifdef IMPASTO_TESTS_ON_CUDA
using device = cuda;
/// What maps are made of, and of operations that multiply.
#define IMPASTO_MAP_TYPES float, impasto::half, impasto::bfloat16
#define IMPASTO_PRODUCT_TYPES float, impasto::tf32, impasto::half, impasto::bfloat16
/// Of pixels and maps, of maps, and of maps that have a mask.
inline constexpr layout any_orders[] = {layout::nchw, layout::nhwc};
inline constexpr layout map_orders[] = {layout::nhwc};
inline constexpr layout feature_orders[] = {layout::nhwc};
#else
using device = cpu;
#define IMPASTO_MAP_TYPES float
#define IMPASTO_PRODUCT_TYPES float
inline constexpr layout any_orders[] = {layout::nchw, layout::nchw8c, layout::nchw16c};
inline constexpr layout map_orders[] = {layout::nchw, layout::nchw8c, layout::nchw16c};
inline constexpr layout feature_orders[] = {layout::nchw8c, layout::nchw16c};
#endif

inline constexpr bool on_cuda = std::is_same_v<device, cuda>;

/// A pixel, one row, one column, primes; one channel, whole and broken groups of 8, 16 and 32; no
/// multiple of any tile, and in the last more than one thread's portion.
inline const std::vector<impasto::shape> shapes{{1, 1, 1, 1},   {1, 17, 1, 9},  {1, 3, 7, 1},
                                                {1, 8, 5, 7},   {1, 64, 5, 4},  {1, 72, 4, 2},
                                                {1, 5, 13, 11}, {1, 33, 37, 41}};

/// ‖error‖ / ‖reference‖ of sums of products: of a few thousand in float, whose order on a GPU is
/// not known; of operands with ten bits of fraction; of results that are rounded to 16 bits.
template <class T>
constexpr double tolerance = !std::is_same_v<stored<T>, float> ? 5e-3
                             : std::is_same_v<T, tf32>         ? 1e-3
                             : on_cuda                         ? 1e-5
                                                               : 1e-6;

/// The same of a few operations on each element, rounded to T.
template <class T>
constexpr double elementwise = std::is_same_v<T, float> ? 5e-7 : tolerance<T>;

/// Runs a test in every way in which the results of a device might differ: with one thread and with
/// several on the CPU, with threads that take turns in either order on the emulated GPU.
template <class Run>
void in_every_way(Run run) {
    if constexpr (on_cuda) {
        context<cuda> ctx;
        in_every_order([&] { run(ctx); });
    } else {
        for (const int threads : {1, 3}) {
            context<cpu> ctx({.threads = threads});
            run(ctx);
        }
    }
}

/// A map rounded to T, on the device.
template <class T>
auto on_device(context<cpu>& ctx, const map<double>& m, layout order) {
    return to_tensor(ctx, m, order);
}
template <class T>
auto on_device(context<cuda>& ctx, const map<double>& m, layout order) {
    return to_device<stored<T>>(ctx, m, order);
}

/// Its elements in the order of memory, on the host.
template <class E>
tensor<E, cpu> host_copy(context<cpu>&, const tensor<E, cpu>& t) {
    tensor<E, cpu> result(t.shape(), t.layout());
    std::copy(t.begin(), t.end(), result.begin());
    return result;
}
template <class E>
tensor<E, cpu> host_copy(context<cuda>& ctx, const tensor<E, cuda>& t) {
    return to_host(ctx, t);
}

/// From the host's memory to the device's.
inline tensor<float, cpu> on_device(context<cpu>& ctx, const tensor<float, cpu>& t) {
    return host_copy(ctx, t);
}
inline tensor<float, cuda> on_device(context<cuda>& ctx, const tensor<float, cpu>& t) {
    return to_device(ctx, t);
}

/// Planar, such as a matrix.
inline tensor<float, device> on_device(context<device>& ctx, const std::vector<double>& values,
                                       impasto::shape s) {
    return on_device(ctx, to_tensor(values, s));
}
template <class E>
std::vector<double> values_of(context<device>& ctx, const tensor<E, device>& t) {
    const auto host = host_copy(ctx, t);
    return {host.begin(), host.end()};
}

/// All of one value, padding included; NaN shows what an operation forgets to write.
template <class T>
tensor<stored<T>, device> filled_on_device(context<device>& ctx, impasto::shape s, layout order,
                                           float value = not_a_number) {
    tensor<stored<T>, cpu> host(s, order);
    std::fill(host.begin(), host.end(), stored<T>(value));
    if constexpr (on_cuda)
        return to_device(ctx, host);
    else
        return host;
}

/// a + factor·b
inline std::vector<double> sum(const map<double>& a, double factor, const map<double>& b) {
    auto result = a.values;
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] += factor * b.values[i];
    return result;
}

}  // namespace support
