#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>

#include <impasto/optim/checks.hpp>

namespace impasto::optim {

/// φ(step) = J(x + step·direction) and its derivative.
struct line_point {
    double step;
    double value;
    double slope;

    [[nodiscard]] bool finite() const { return std::isfinite(value) && std::isfinite(slope); }
};

struct line_search_options {
    double sufficient_decrease = 1e-4;  ///< c₁ of the Wolfe conditions
    double curvature = 0.9;             ///< c₂
    int max_evaluations = 20;
};

/// Throws option_error unless 0 < c₁ < c₂ < 1 and max_evaluations ≥ 1.
inline void validate(const line_search_options& o) {
    detail::expect_option(o.sufficient_decrease > 0 && o.sufficient_decrease < 1,
                          "sufficient_decrease", o.sufficient_decrease, "between 0 and 1");
    detail::expect_option(o.curvature > o.sufficient_decrease && o.curvature < 1, "curvature",
                          o.curvature, "between sufficient_decrease and 1");
    detail::expect_option(o.max_evaluations >= 1, "max_evaluations", o.max_evaluations,
                          "a number of at least 1");
}

struct line_search_result {
    line_point point;  ///< step 0 if no lower point was found
    line_point last;   ///< the last evaluation; usually the same
    int evaluations;
    bool strong_wolfe;  ///< false: evaluations ran out; `point` is only lower
};

/// The strong Wolfe conditions relative to a start point. Source: Nocedal & Wright 2006, eq. 3.7.
struct wolfe_conditions {
    line_point start;
    line_search_options options;

    [[nodiscard]] bool decreases(const line_point& p) const {
        return p.value <= start.value + options.sufficient_decrease * p.step * start.slope;
    }
    [[nodiscard]] bool flattens(const line_point& p) const {
        return std::abs(p.slope) <= -options.curvature * start.slope;
    }
};

namespace detail {

/// Minimiser of the cubic through two points and their slopes; not finite if there is none.
/// Source: Nocedal & Wright 2006, eq. 3.59.
[[nodiscard]] inline double cubic_minimum(const line_point& a, const line_point& b) {
    const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
    const double d2 = std::copysign(std::sqrt(d1 * d1 - a.slope * b.slope), b.step - a.step);
    return b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
}

/// `step` clamped to the interval; the middle of the interval if `step` is not finite.
[[nodiscard]] inline double safeguard(double step, double end, double other_end) {
    const auto [low, high] = std::minmax(end, other_end);
    return std::isfinite(step) ? std::clamp(step, low, high) : low + (high - low) / 2;
}

/// Nocedal & Wright 2006, algorithm 3.6: `low` is the lowest point so far that decreases enough,
/// and its slope points towards `high`. Bisects after a trial that shortened the bracket by less
/// than a third (Moré & Thuente 1994), because the cubic may converge slowly to one end.
template <class Phi>
line_search_result zoom(Phi& phi, const wolfe_conditions& wolfe, line_point low, line_point high,
                        int evaluations) {
    line_point point = high;
    bool bisect = false;
    while (evaluations < wolfe.options.max_evaluations) {
        const double width = high.step - low.step;
        const double trial = bisect ? low.step + width / 2 : cubic_minimum(low, high);
        point = phi(safeguard(trial, low.step + width / 100, high.step - width / 100));
        ++evaluations;
        if (!point.finite() || !wolfe.decreases(point) || point.value >= low.value) {
            high = point;
        } else {
            if (wolfe.flattens(point))
                return {point, point, evaluations, true};
            if (point.slope * width >= 0)
                high = low;
            low = point;
        }
        bisect = std::abs(high.step - low.step) > 2.0 / 3 * std::abs(width);
    }
    return {low, point, evaluations, false};
}

}  // namespace detail

/// Finds a step > 0 that satisfies the strong Wolfe conditions, by bracketing and cubic
/// interpolation; steps where φ is not finite are treated as too long and never accepted.
/// phi(step) returns the line_point at a step; start is the one at 0, with a negative slope.
/// Source: Nocedal & Wright 2006, algorithm 3.5.
template <std::regular_invocable<double> Phi>
line_search_result strong_wolfe(Phi&& phi, const line_point& start, double first_step,
                                const line_search_options& options = {}) {
    const wolfe_conditions wolfe{start, options};
    line_point previous = start;
    double step = first_step;
    for (int evaluations = 1;; ++evaluations) {
        const line_point point = phi(step);
        if (!point.finite() || !wolfe.decreases(point) ||
            (evaluations > 1 && point.value >= previous.value))
            return detail::zoom(phi, wolfe, previous, point, evaluations);
        if (wolfe.flattens(point))
            return {point, point, evaluations, true};
        if (point.slope >= 0)
            return detail::zoom(phi, wolfe, point, previous, evaluations);
        if (evaluations == options.max_evaluations)
            return {point, point, evaluations, false};
        step = detail::safeguard(detail::cubic_minimum(previous, point), 2 * step, 10 * step);
        previous = point;
    }
}

}  // namespace impasto::optim
