#pragma once

// The obviously right version of layers that VGG networks lack.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/reference.hpp"

namespace reference {

template <class T>
map<T> upsample(const map<T>& input, std::int64_t factor) {
    map<T> result(input.c, input.h * factor, input.w * factor);
    for (std::int64_t k = 0; k < result.c; ++k)
        for (std::int64_t y = 0; y < result.h; ++y)
            for (std::int64_t x = 0; x < result.w; ++x)
                result.at(k, y, x) = input.at(k, y / factor, x / factor);
    return result;
}

template <class T>
map<T> upsample_backward(const map<T>& d_output, std::int64_t factor) {
    map<T> result(d_output.c, d_output.h / factor, d_output.w / factor);
    for (std::int64_t k = 0; k < d_output.c; ++k)
        for (std::int64_t y = 0; y < d_output.h; ++y)
            for (std::int64_t x = 0; x < d_output.w; ++x)
                result.at(k, y / factor, x / factor) += d_output.at(k, y, x);
    return result;
}

template <class T>
struct moments {
    T mean = 0, variance = 0;
};

template <class T>
moments<T> moments_of(const map<T>& x, std::int64_t channel) {
    moments<T> m;
    const auto pixels = static_cast<T>(x.h * x.w);
    for (std::int64_t p = 0; p < x.h * x.w; ++p)
        m.mean += x.at(channel, p / x.w, p % x.w) / pixels;
    for (std::int64_t p = 0; p < x.h * x.w; ++p) {
        const T d = x.at(channel, p / x.w, p % x.w) - m.mean;
        m.variance += d * d / pixels;
    }
    return m;
}

template <class T>
map<T> instance_norm(const map<T>& x, const std::vector<T>& scale, const std::vector<T>& shift,
                     T epsilon) {
    map<T> result(x.c, x.h, x.w);
    for (std::int64_t k = 0; k < x.c; ++k) {
        const auto m = moments_of(x, k);
        for (std::int64_t p = 0; p < x.h * x.w; ++p)
            result.at(k, p / x.w, p % x.w) = scale[static_cast<std::size_t>(k)] *
                                                 (x.at(k, p / x.w, p % x.w) - m.mean) /
                                                 std::sqrt(m.variance + epsilon) +
                                             shift[static_cast<std::size_t>(k)];
    }
    return result;
}

template <class T>
struct instance_norm_gradient {
    map<T> input;
    std::vector<T> scale, shift;
};

template <class T>
instance_norm_gradient<T> instance_norm_backward(const map<T>& x, const std::vector<T>& scale,
                                                 const map<T>& dy, T epsilon) {
    instance_norm_gradient<T> result{map<T>(x.c, x.h, x.w), std::vector<T>(scale.size()),
                                     std::vector<T>(scale.size())};
    const auto pixels = static_cast<T>(x.h * x.w);
    for (std::int64_t k = 0; k < x.c; ++k) {
        const auto m = moments_of(x, k);
        const auto i = static_cast<std::size_t>(k);
        const T width = std::sqrt(m.variance + epsilon);
        const auto normal = [&](std::int64_t p) {
            return (x.at(k, p / x.w, p % x.w) - m.mean) / width;
        };
        for (std::int64_t p = 0; p < x.h * x.w; ++p) {
            result.scale[i] += dy.at(k, p / x.w, p % x.w) * normal(p);
            result.shift[i] += dy.at(k, p / x.w, p % x.w);
        }
        for (std::int64_t p = 0; p < x.h * x.w; ++p)
            result.input.at(k, p / x.w, p % x.w) =
                scale[i] / width *
                (dy.at(k, p / x.w, p % x.w) - result.shift[i] / pixels -
                 normal(p) * result.scale[i] / pixels);
    }
    return result;
}

}  // namespace reference
