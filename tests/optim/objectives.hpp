#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>

// Named analytic functions, computed in double, for every optimiser.
namespace impasto::test {

using vector = tensor<float, cpu>;
using input = tensor_view<const float, cpu>;
using output = tensor_view<float, cpu>;

inline vector make_vector(const std::vector<float>& values) {
    vector x({1, 1, 1, static_cast<std::int64_t>(values.size())});
    std::copy(values.begin(), values.end(), x.begin());
    return x;
}

inline double distance_inf(input x, double target) {
    double worst = 0;
    for (const float value : x)
        worst = std::max(worst, std::abs(static_cast<double>(value) - target));
    return worst;
}

/// Σ 100(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²; its minimum is 0 at 1.
struct rosenbrock {
    double evaluate(input x, output gradient) {
        ++evaluations;
        std::fill(gradient.begin(), gradient.end(), 0.0f);
        double sum = 0, carried = 0;
        const std::int64_t n = x.size();
        for (std::int64_t i = 0; i + 1 < n; ++i) {
            const double a = x.data()[i], b = x.data()[i + 1];
            const double valley = b - a * a;
            sum += 100 * valley * valley + (1 - a) * (1 - a);
            gradient.data()[i] = static_cast<float>(carried - 400 * a * valley - 2 * (1 - a));
            carried = 200 * valley;
        }
        gradient.data()[n - 1] = static_cast<float>(carried);
        return sum;
    }

    /// The usual start: −1.2, 1, −1.2, 1, …
    static vector start(std::int64_t n) {
        vector x({1, 1, 1, n});
        for (std::int64_t i = 0; i < n; ++i)
            x.data()[i] = i % 2 == 0 ? -1.2f : 1.0f;
        return x;
    }

    int evaluations = 0;
};

/// ½ Σ λᵢxᵢ² with λ geometric from 1 to `condition`; its minimum is 0 at 0.
struct quadratic {
    double condition;

    [[nodiscard]] double eigenvalue(std::int64_t i, std::int64_t n) const {
        return n == 1 ? 1
                      : std::pow(condition, static_cast<double>(i) / static_cast<double>(n - 1));
    }
    double evaluate(input x, output gradient) {
        double sum = 0;
        for (std::int64_t i = 0; i < x.size(); ++i) {
            const double value = x.data()[i], pull = eigenvalue(i, x.size()) * value;
            sum += pull * value / 2;
            gradient.data()[i] = static_cast<float>(pull);
        }
        return sum;
    }
};

/// Σ x − log x with a NaN where x ≤ 0; its minimum is n at 1, next to the cliff.
struct log_barrier {
    double evaluate(input x, output gradient) {
        double sum = 0;
        for (std::int64_t i = 0; i < x.size(); ++i) {
            const double value = x.data()[i];
            nan_seen = nan_seen || !(value > 0);
            sum += value > 0 ? value - std::log(value) : std::nan("");
            gradient.data()[i] = static_cast<float>(value > 0 ? 1 - 1 / value : std::nan(""));
        }
        return sum;
    }
    bool nan_seen = false;
};

/// Calls another function and spoils the gradient from the k-th evaluation on.
template <class F>
struct nan_after {
    F f;
    int good_evaluations;
    double evaluate(input x, output gradient) {
        const double value = f.evaluate(x, gradient);
        if (good_evaluations-- <= 0)
            gradient.data()[gradient.size() / 2] = std::nanf("");
        return value;
    }
};

}  // namespace impasto::test
