#pragma once

#include <optional>
#include <span>
#include <utility>

#include <impasto/ops/scalars.hpp>
#include <impasto/ops/vector.hpp>
#include <impasto/optim/checks.hpp>
#include <impasto/optim/lbfgs_history.hpp>
#include <impasto/optim/line_search.hpp>
#include <impasto/optim/objective.hpp>
#include <impasto/optim/step_report.hpp>

namespace impasto::optim {

struct lbfgs_options {
    int history = 10;  ///< number of pairs, each two tensors of the size of x
    /// Largest change of an element in the first trial after a start or a reset, in units of x. The
    /// line search corrects an unsuitable value with a few more evaluations.
    double first_step = 0.1;
    double gradient_tolerance = 0;  ///< converged if no |dJ/dx| exceeds it
    line_search_options line_search = {};
};

/// L-BFGS with a strong-Wolfe line search. Sources: Liu & Nocedal 1989; Nocedal & Wright 2006,
/// algorithm 7.5.
template <class Device>
class lbfgs {
public:
    /// Throws option_error for a history outside [1, 1000], a first step ≤ 0, a negative tolerance
    /// or Wolfe constants other than 0 < c₁ < c₂ < 1.
    lbfgs(context<Device>& ctx, const shape& x, lbfgs_options options = {})
        : context_(&ctx),
          options_(validated(options)),
          history_(ctx, x, static_cast<std::size_t>(options.history)),
          gradient_(x),
          direction_(x),
          start_(x),
          start_gradient_(x),
          numbers_(ctx, 3) {
        ops::fill(ctx, 0, direction_);
    }

    /// One iteration, in place; loss is J at the x after the step. J and its gradient are kept for
    /// the next step: call reset() if x or f is changed in between.
    ///
    /// Trials where J is not finite are rejected. If the line search fails, the history is cleared
    /// and steepest descent is tried; if that fails too, x is unchanged and the step reports
    /// convergence. Throws divergence_error, with x unchanged, if J is not finite at the x of the
    /// first step.
    template <objective<Device> F>
    step_report step(F& f, tensor_view<float, Device> x);

    void reset() {
        history_.clear();
        evaluated_ = false;
    }

    /// The result of the last line search.
    [[nodiscard]] const line_search_result& last_search() const { return last_search_; }

    /// See ops/state.hpp.
    template <class State>
    void exchange(State& s) {
        s.part("history", history_);
        s("gradient", gradient_);
        s("loss", loss_);
        s("largest", largest_);
        s("evaluated", evaluated_);
    }

private:
    static const lbfgs_options& validated(const lbfgs_options& o) {
        detail::expect_option(o.history >= 1 && o.history <= 1000, "history", o.history,
                              "in [1, 1000]");
        detail::expect_positive("first_step", o.first_step);
        detail::expect_not_negative("gradient_tolerance", o.gradient_tolerance);
        validate(o.line_search);
        return o;
    }

    // Slots of numbers_.
    static constexpr std::size_t largest = 0, slope = 1, start_slope = 2;

    template <class F>
    void evaluate(F& f, tensor_view<float, Device> x) {
        loss_ = detail::evaluate<Device>(f, x, gradient_, [this] {
            ops::max_abs(*context_, gradient_, numbers_.slots(largest));
            ops::dot(*context_, gradient_, direction_, numbers_.slots(slope));
        });
        largest_ = number(largest);
        ++evaluations_;
    }

    [[nodiscard]] double number(std::size_t which) const { return numbers_.read(*context_)[which]; }

    /// Moves x to a lower point along −H·gradient. If there is none, returns false without changes.
    template <objective<Device> F>
    bool search(F& f, tensor_view<float, Device> x);

    /// Restores the state from before the search.
    void retreat(double loss, double largest_gradient, tensor_view<float, Device> x) {
        ops::copy(*context_, start_, x);
        ops::copy(*context_, start_gradient_, gradient_);
        loss_ = loss;
        largest_ = largest_gradient;
    }

    /// Adds the pair of the last step to the history; overwrites start_ and start_gradient_.
    void remember(tensor_view<const float, Device> x);

    context<Device>* context_;
    lbfgs_options options_;
    lbfgs_history<Device> history_;
    tensor<float, Device> gradient_;  ///< at x
    tensor<float, Device> direction_;
    tensor<float, Device> start_;  ///< x before the step
    tensor<float, Device> start_gradient_;
    ops::scalars<Device> numbers_;
    double loss_ = 0;         ///< at x
    double largest_ = 0;      ///< |dJ/dx| at x
    bool evaluated_ = false;  ///< loss_ and gradient_ are those of x
    int evaluations_ = 0;     ///< of this step
    line_search_result last_search_{};
};

template <class Device>
template <objective<Device> F>
step_report lbfgs<Device>::step(F& f, tensor_view<float, Device> x) {
    expect_shape("lbfgs", "x", gradient_.shape(), x.shape());
    evaluations_ = 0;
    const bool known = std::exchange(evaluated_, false);  // stays so if f throws
    if (!known)
        evaluate(f, x);
    detail::expect_finite("lbfgs", loss_, static_cast<float>(largest_));
    if (largest_ <= options_.gradient_tolerance) {
        evaluated_ = true;
        return {.loss = loss_, .evaluations = evaluations_, .converged = true};
    }

    bool lower = search(f, x);
    if (!lower && !history_.empty()) {
        history_.clear();
        lower = search(f, x);
    }
    evaluated_ = true;
    if (lower)
        remember(x);
    return {.loss = loss_, .evaluations = evaluations_, .converged = !lower};
}

template <class Device>
template <objective<Device> F>
bool lbfgs<Device>::search(F& f, tensor_view<float, Device> x) {
    ops::copy(*context_, x, start_);
    ops::copy(*context_, gradient_, start_gradient_);
    history_.direction(gradient_, direction_);
    ops::dot(*context_, gradient_, direction_, numbers_.slots(start_slope));
    const double loss = loss_, steepest = largest_;

    const auto phi = [&](double step) {
        ops::add_scaled(*context_, start_, static_cast<float>(step), direction_, x);
        evaluate(f, x);
        return line_point{step, loss_, number(slope)};
    };
    // With a history the first trial is at step 1. It is enqueued before the slope at the start is
    // read, so that the host waits once for both.
    std::optional<line_point> ahead;
    if (!history_.empty())
        ahead = phi(1);
    const line_point start{0, loss, number(start_slope)};
    if (!(start.slope < 0)) {
        retreat(loss, steepest, x);
        return false;
    }
    const double first_step =
        ahead ? 1 : options_.first_step / static_cast<double>(ops::max_abs(*context_, direction_));
    const auto trial = [&](double step) {
        return ahead ? *std::exchange(ahead, std::nullopt) : phi(step);
    };
    last_search_ = strong_wolfe(trial, start, first_step, options_.line_search);

    const line_point& found = last_search_.point;
    if (found.value < start.value) {
        if (found.step != last_search_.last.step)
            phi(found.step);
        return true;
    }
    retreat(loss, steepest, x);
    return false;
}

template <class Device>
void lbfgs<Device>::remember(tensor_view<const float, Device> x) {
    if (!last_search_.strong_wolfe) {
        history_.clear();
        return;
    }
    ops::add_scaled(*context_, x, -1, start_, start_);
    ops::add_scaled(*context_, gradient_, -1, start_gradient_, start_gradient_);
    history_.push(start_, start_gradient_);
}

}  // namespace impasto::optim
