#pragma once

// The obviously right version of everything that is computed elsewhere: plain loops over planar
// arrays, templated so that gradients can be checked in double.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/core/shape.hpp>
#include <impasto/ops/losses.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/pool2d.hpp>

namespace reference {

using impasto::shape;

/// Planar [c,h,w].
template <class T>
struct map {
    std::int64_t c = 0, h = 0, w = 0;
    std::vector<T> values;

    map() = default;
    map(std::int64_t channels, std::int64_t height, std::int64_t width, T value = {})
        : c(channels),
          h(height),
          w(width),
          values(static_cast<std::size_t>(channels * height * width), value) {}

    T& at(std::int64_t k, std::int64_t y, std::int64_t x) {
        return values[static_cast<std::size_t>((k * h + y) * w + x)];
    }
    const T& at(std::int64_t k, std::int64_t y, std::int64_t x) const {
        return values[static_cast<std::size_t>((k * h + y) * w + x)];
    }
    [[nodiscard]] bool inside(std::int64_t y, std::int64_t x) const {
        return y >= 0 && y < h && x >= 0 && x < w;
    }
    [[nodiscard]] impasto::shape shape() const { return {1, c, h, w}; }
};

/// weights: [out][in][k][k].
template <class T>
map<T> conv2d(const map<T>& input, const std::vector<T>& weights, const std::vector<T>& bias,
              std::int64_t k, std::int64_t padding, std::int64_t stride = 1) {
    const auto out = static_cast<std::int64_t>(bias.size());
    map<T> result(out, (input.h + 2 * padding - k) / stride + 1,
                  (input.w + 2 * padding - k) / stride + 1);
    for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t y = 0; y < result.h; ++y)
            for (std::int64_t x = 0; x < result.w; ++x) {
                T sum = bias[static_cast<std::size_t>(o)];
                for (std::int64_t i = 0; i < input.c; ++i)
                    for (std::int64_t r = 0; r < k; ++r)
                        for (std::int64_t s = 0; s < k; ++s)
                            if (input.inside(y * stride + r - padding, x * stride + s - padding))
                                sum +=
                                    weights[static_cast<std::size_t>(
                                        ((o * input.c + i) * k + r) * k + s)] *
                                    input.at(i, y * stride + r - padding, x * stride + s - padding);
                result.at(o, y, x) = sum;
            }
    return result;
}

template <class T>
map<T> conv2d_backward_data(const map<T>& d_output, const std::vector<T>& weights, shape input,
                            std::int64_t k, std::int64_t padding, std::int64_t stride = 1) {
    map<T> result(input.c, input.h, input.w);
    for (std::int64_t o = 0; o < d_output.c; ++o)
        for (std::int64_t y = 0; y < d_output.h; ++y)
            for (std::int64_t x = 0; x < d_output.w; ++x)
                for (std::int64_t i = 0; i < input.c; ++i)
                    for (std::int64_t r = 0; r < k; ++r)
                        for (std::int64_t s = 0; s < k; ++s)
                            if (result.inside(y * stride + r - padding, x * stride + s - padding))
                                result.at(i, y * stride + r - padding, x * stride + s - padding) +=
                                    d_output.at(o, y, x) *
                                    weights[static_cast<std::size_t>(
                                        ((o * input.c + i) * k + r) * k + s)];
    return result;
}

/// d_weights: [out][in][k][k].
template <class T>
void conv2d_backward_filter(const map<T>& input, const map<T>& d_output, std::int64_t k,
                            std::int64_t padding, std::vector<T>& d_weights, std::vector<T>& d_bias,
                            std::int64_t stride = 1) {
    d_weights.assign(static_cast<std::size_t>(d_output.c * input.c * k * k), T(0));
    d_bias.assign(static_cast<std::size_t>(d_output.c), T(0));
    for (std::int64_t o = 0; o < d_output.c; ++o)
        for (std::int64_t y = 0; y < d_output.h; ++y)
            for (std::int64_t x = 0; x < d_output.w; ++x) {
                d_bias[static_cast<std::size_t>(o)] += d_output.at(o, y, x);
                for (std::int64_t i = 0; i < input.c; ++i)
                    for (std::int64_t r = 0; r < k; ++r)
                        for (std::int64_t s = 0; s < k; ++s)
                            if (input.inside(y * stride + r - padding, x * stride + s - padding))
                                d_weights[static_cast<std::size_t>(((o * input.c + i) * k + r) * k +
                                                                   s)] +=
                                    d_output.at(o, y, x) *
                                    input.at(i, y * stride + r - padding, x * stride + s - padding);
            }
}

template <class T>
map<T> relu(map<T> x) {
    for (T& value : x.values)
        value = std::max(value, T(0));
    return x;
}

/// features: before the ReLU or after it, which tells the same.
template <class T>
map<T> relu_backward(const map<T>& features, map<T> gradient) {
    for (std::size_t i = 0; i < gradient.values.size(); ++i)
        if (!(features.values[i] > 0))
            gradient.values[i] = 0;
    return gradient;
}

template <class T>
map<T> pool2d(const map<T>& input, impasto::ops::pool_options options) {
    map<T> result(input.c, input.h / 2, input.w / 2);
    for (std::int64_t k = 0; k < result.c; ++k)
        for (std::int64_t y = 0; y < result.h; ++y)
            for (std::int64_t x = 0; x < result.w; ++x) {
                const T a = input.at(k, 2 * y, 2 * x), b = input.at(k, 2 * y, 2 * x + 1);
                const T c = input.at(k, 2 * y + 1, 2 * x), d = input.at(k, 2 * y + 1, 2 * x + 1);
                T value = std::max({a, b, c, d});
                if (options.kind == impasto::ops::pooling::average)
                    value = (a + b + c + d) / 4;
                if (options.kind == impasto::ops::pooling::l2)
                    value = std::sqrt(a * a + b * b + c * c + d * d);
                result.at(k, y, x) = value * static_cast<T>(options.scale);
            }
    return result;
}

/// A window's first maximum takes all; an L2 window that is all zero passes nothing.
template <class T>
map<T> pool2d_backward(const map<T>& input, const map<T>& d_output,
                       impasto::ops::pool_options options) {
    map<T> result(input.c, input.h, input.w);
    for (std::int64_t k = 0; k < d_output.c; ++k)
        for (std::int64_t y = 0; y < d_output.h; ++y)
            for (std::int64_t x = 0; x < d_output.w; ++x) {
                const T d = d_output.at(k, y, x) * static_cast<T>(options.scale);
                std::int64_t first = 0;
                T squares = 0;
                for (std::int64_t i = 0; i < 4; ++i) {
                    const T value = input.at(k, 2 * y + i / 2, 2 * x + i % 2);
                    squares += value * value;
                    if (value > input.at(k, 2 * y + first / 2, 2 * x + first % 2))
                        first = i;
                }
                for (std::int64_t i = 0; i < 4; ++i) {
                    const T value = input.at(k, 2 * y + i / 2, 2 * x + i % 2);
                    T share = i == first ? 1 : 0;
                    if (options.kind == impasto::ops::pooling::average)
                        share = T(1) / 4;
                    if (options.kind == impasto::ops::pooling::l2)
                        share = squares > 0 ? value / std::sqrt(squares) : 0;
                    result.at(k, 2 * y + i / 2, 2 * x + i % 2) = d * share;
                }
            }
    return result;
}

/// [c][c], not normalised.
template <class T>
std::vector<T> gram(const map<T>& f) {
    std::vector<T> g(static_cast<std::size_t>(f.c * f.c));
    for (std::int64_t i = 0; i < f.c; ++i)
        for (std::int64_t j = 0; j < f.c; ++j)
            for (std::int64_t p = 0; p < f.h * f.w; ++p)
                g[static_cast<std::size_t>(i * f.c + j)] +=
                    f.values[static_cast<std::size_t>(i * f.h * f.w + p)] *
                    f.values[static_cast<std::size_t>(j * f.h * f.w + p)];
    return g;
}

/// D·F; the gradient of E(F·Fᵀ) when D = ∂E/∂G + ∂E/∂Gᵀ.
template <class T>
map<T> gram_backward(const map<T>& f, const std::vector<T>& d) {
    map<T> result(f.c, f.h, f.w);
    const auto pixels = f.h * f.w;
    for (std::int64_t i = 0; i < f.c; ++i)
        for (std::int64_t j = 0; j < f.c; ++j)
            for (std::int64_t p = 0; p < pixels; ++p)
                result.values[static_cast<std::size_t>(i * pixels + p)] +=
                    d[static_cast<std::size_t>(i * f.c + j)] *
                    f.values[static_cast<std::size_t>(j * pixels + p)];
    return result;
}

template <class T>
T squared_error(const map<T>& a, const map<T>& b) {
    T sum = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i)
        sum += (a.values[i] - b.values[i]) * (a.values[i] - b.values[i]);
    return sum;
}

template <class T>
map<T> squared_error_gradient(map<T> a, const map<T>& b) {
    for (std::size_t i = 0; i < a.values.size(); ++i)
        a.values[i] = 2 * (a.values[i] - b.values[i]);
    return a;
}

/// scale.horizontal · Σ(right − here)² + scale.vertical · Σ(below − here)²; `inner` leaves out
/// those along the last row and the last column.
template <class T>
T total_variation(const map<T>& p, impasto::ops::variation scale) {
    T horizontal = 0, vertical = 0;
    for (std::int64_t k = 0; k < p.c; ++k)
        for (std::int64_t y = 0; y < p.h; ++y)
            for (std::int64_t x = 0; x < p.w; ++x) {
                if (x + 1 < p.w && !(scale.inner && y + 1 == p.h))
                    horizontal +=
                        (p.at(k, y, x + 1) - p.at(k, y, x)) * (p.at(k, y, x + 1) - p.at(k, y, x));
                if (y + 1 < p.h && !(scale.inner && x + 1 == p.w))
                    vertical +=
                        (p.at(k, y + 1, x) - p.at(k, y, x)) * (p.at(k, y + 1, x) - p.at(k, y, x));
            }
    return scale.horizontal * horizontal + scale.vertical * vertical;
}

template <class T>
map<T> total_variation_gradient(const map<T>& p, impasto::ops::variation scale) {
    map<T> result(p.c, p.h, p.w);
    const std::int64_t neighbours[4][2] = {{0, 1}, {0, -1}, {1, 0}, {-1, 0}};
    for (std::int64_t k = 0; k < p.c; ++k)
        for (std::int64_t y = 0; y < p.h; ++y)
            for (std::int64_t x = 0; x < p.w; ++x)
                for (const auto& [dy, dx] : neighbours)
                    if (p.inside(y + dy, x + dx) &&
                        !(scale.inner && (dx != 0 ? y + 1 == p.h : x + 1 == p.w)))
                        result.at(k, y, x) += 2 * (dx != 0 ? scale.horizontal : scale.vertical) *
                                              (p.at(k, y, x) - p.at(k, y + dy, x + dx));
    return result;
}

/// Where row or column i comes from, beyond the edge too.
inline std::int64_t beyond_edge(impasto::ops::border border, std::int64_t i, std::int64_t size) {
    if (border == impasto::ops::border::wrap) {
        while (i < 0)
            i += size;
        while (i >= size)
            i -= size;
    }
    return std::clamp<std::int64_t>(i, 0, size - 1);
}

template <class T>
map<T> normalize_pixels(const map<T>& pixels, const impasto::ops::pixel_transform& transform,
                        impasto::ops::border border, std::int64_t margin) {
    map<T> result(3, pixels.h + 2 * margin, pixels.w + 2 * margin);
    for (std::int64_t k = 0; k < 3; ++k)
        for (std::int64_t y = -margin; y < pixels.h + margin; ++y)
            for (std::int64_t x = -margin; x < pixels.w + margin; ++x)
                if (border != impasto::ops::border::zero || pixels.inside(y, x)) {
                    const auto i = static_cast<std::size_t>(k);
                    result.at(k, y + margin, x + margin) =
                        static_cast<T>(transform.gain[i]) *
                            pixels.at(transform.source[i], beyond_edge(border, y, pixels.h),
                                      beyond_edge(border, x, pixels.w)) +
                        static_cast<T>(transform.offset[i]);
                }
    return result;
}

template <class T>
map<T> normalize_pixels_backward(const map<T>& d_input, shape pixels,
                                 const impasto::ops::pixel_transform& transform,
                                 impasto::ops::border border) {
    map<T> result(3, pixels.h, pixels.w);
    const auto margin = (d_input.h - pixels.h) / 2;
    for (std::int64_t k = 0; k < 3; ++k)
        for (std::int64_t y = -margin; y < pixels.h + margin; ++y)
            for (std::int64_t x = -margin; x < pixels.w + margin; ++x)
                if (border != impasto::ops::border::zero || result.inside(y, x)) {
                    const auto i = static_cast<std::size_t>(k);
                    result.at(transform.source[i], beyond_edge(border, y, pixels.h),
                              beyond_edge(border, x, pixels.w)) +=
                        static_cast<T>(transform.gain[i]) * d_input.at(k, y + margin, x + margin);
                }
    return result;
}

template <class T>
T dot(const std::vector<T>& a, const std::vector<T>& b) {
    T sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

/// Central differences of f at x, in double: the gradient that everything else is held against.
template <class F>
std::vector<double> numeric_gradient(F&& f, std::vector<double> x, double step = 1e-5) {
    std::vector<double> gradient(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double here = x[i];
        x[i] = here + step;
        const double above = f(x);
        x[i] = here - step;
        const double below = f(x);
        x[i] = here;
        gradient[i] = (above - below) / (2 * step);
    }
    return gradient;
}

}  // namespace reference
