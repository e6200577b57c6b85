#pragma once

// Between the reference's planar maps and the library's tensors, and how far apart two results are.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/pixels.hpp>

#include "support/reference.hpp"

namespace support {

using impasto::context;
using impasto::cpu;
using impasto::layout;
using impasto::tensor;
using impasto::tensor_view;
using reference::map;

inline std::vector<double> random_values(std::size_t count, unsigned seed, double low = -1,
                                         double high = 1) {
    std::mt19937 generator(seed);
    std::vector<double> values(count);
    for (double& v : values)  // floats, so that both sides see the same numbers
        v = static_cast<float>(low +
                               (high - low) * static_cast<double>(generator()) / 4294967296.0);
    return values;
}

inline map<double> random_map(std::int64_t c, std::int64_t h, std::int64_t w, unsigned seed,
                              double low = -1, double high = 1) {
    map<double> m(c, h, w);
    m.values = random_values(m.values.size(), seed, low, high);
    return m;
}

inline tensor<float, cpu> to_tensor(const std::vector<double>& values, impasto::shape s) {
    tensor<float, cpu> t(s);
    for (std::size_t i = 0; i < values.size(); ++i)
        t.data()[i] = static_cast<float>(values[i]);
    return t;
}

inline tensor<float, cpu> to_tensor(context<cpu>& ctx, const map<double>& m,
                                    layout order = layout::nchw) {
    tensor<float, cpu> planar = to_tensor(m.values, m.shape());
    if (order == layout::nchw)
        return planar;
    tensor<float, cpu> result(m.shape(), order);
    impasto::ops::reorder(ctx, planar, result);
    return result;
}

inline map<double> to_map(context<cpu>& ctx, tensor_view<const float, cpu> t) {
    tensor<float, cpu> planar(t.shape());
    impasto::ops::reorder(ctx, t, planar);
    map<double> m(t.shape().c, t.shape().h, t.shape().w);
    for (std::size_t i = 0; i < m.values.size(); ++i)
        m.values[i] = planar.data()[i];
    return m;
}

/// A map whose every element in memory, padding included, is `value`: NaN shows what an operation
/// forgets to write.
inline tensor<float, cpu> filled(impasto::shape s, layout order, float value) {
    tensor<float, cpu> t(s, order);
    std::fill(t.begin(), t.end(), value);
    return t;
}

inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Whether two tensors hold the same bytes, padding included.
template <class T>
bool same_bytes(const tensor<T, cpu>& a, const tensor<T, cpu>& b) {
    return a.bytes() == b.bytes() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

inline constexpr layout layouts[] = {layout::nchw, layout::nchw8c, layout::nchw16c};
inline constexpr layout feature_layouts[] = {layout::nchw8c, layout::nchw16c};

/// Extents of one plane and channels: one pixel, one row, primes, no multiple of a block, and more
/// than one thread's portion.
inline const std::vector<impasto::shape> odd_shapes{{1, 1, 1, 1},   {1, 17, 1, 9},  {1, 3, 7, 1},
                                                    {1, 8, 2, 3},   {1, 5, 13, 11}, {1, 16, 5, 4},
                                                    {1, 33, 37, 41}};

/// ‖a − b‖ / ‖b‖, infinite where the sizes differ or anything is not finite.
inline double relative_error(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size())
        return std::numeric_limits<double>::infinity();
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(a[i]) || !std::isfinite(b[i]))
            return std::numeric_limits<double>::infinity();
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    return norm == 0 ? std::sqrt(difference) : std::sqrt(difference / norm);
}

/// The worst |a − b|, in units of the largest |b|.
inline double worst_error(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() != b.size())
        return std::numeric_limits<double>::infinity();
    double worst = 0, largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(a[i]))
            return std::numeric_limits<double>::infinity();
        worst = std::max(worst, std::abs(a[i] - b[i]));
        largest = std::max(largest, std::abs(b[i]));
    }
    return largest == 0 ? worst : worst / largest;
}

}  // namespace support
