#pragma once

#include <algorithm>
#include <vector>

#include <impasto/ops/scalars.hpp>
#include <impasto/ops/vector.hpp>
#include <impasto/optim/checks.hpp>
#include <impasto/optim/objective.hpp>
#include <impasto/optim/step_report.hpp>

namespace impasto::optim {

struct gradient_descent_options {
    /// 0: automatic. The first step changes no element by more than first_step. With momentum the
    /// rate stays the same; without, it follows the curvature along the last step: s·s / s·y, where
    /// s and y are the last changes of x and of the gradient (Barzilai & Borwein 1988, eq. 5), but
    /// at most doubles. A step to a J above its last ten values is shortened (Raydan 1997).
    double learning_rate = 0;
    double momentum = 0;       ///< 0: plain gradient descent
    double first_step = 0.02;  ///< in units of x
};

/// x ← x − learning_rate·v with v ← momentum·v + dJ/dx (Polyak 1964).
template <class Device>
class gradient_descent {
public:
    /// Throws option_error for a learning rate < 0, a first step ≤ 0 or a momentum outside [0, 1).
    gradient_descent(context<Device>& ctx, const shape& x, gradient_descent_options options = {})
        : context_(&ctx),
          options_(options),
          adapts_(options.learning_rate == 0 && options.momentum == 0),
          gradient_(x),
          velocity_(x),
          numbers_(ctx, 3) {
        if (options.learning_rate != 0)
            detail::expect_positive("learning_rate", options.learning_rate);
        detail::expect_positive("first_step", options.first_step);
        detail::expect_below_one("momentum", options.momentum);
        ops::fill(ctx, 0, velocity_);
        recent_.reserve(remembered + 1);  // a step allocates nothing
    }

    /// One iteration, in place; loss is J at the x before the step. Throws divergence_error, with x
    /// unchanged, if J or the gradient is not finite.
    template <objective<Device> F>
    step_report step(F& f, tensor_view<float, Device> x) {
        expect_shape("gradient_descent", "x", gradient_.shape(), x.shape());
        const double loss = detail::evaluate<Device>(f, x, gradient_, [this] {
            ops::max_abs(*context_, gradient_, numbers_.slots(0));
            if (adapts_) {
                ops::dot(*context_, velocity_, velocity_, numbers_.slots(1));
                ops::dot(*context_, velocity_, gradient_, numbers_.slots(2));
            }
        });
        const auto numbers = numbers_.read(*context_);
        const auto largest = static_cast<float>(numbers[0]);
        if (adapts_ && climbed(loss))
            return shorten_last_step(x);
        detail::expect_finite("gradient_descent", loss, largest);
        remember(loss);
        if (options_.learning_rate == 0 && largest > 0)
            options_.learning_rate = options_.first_step / static_cast<double>(largest);
        else if (adapts_)
            adapt(numbers[1], numbers[2]);
        ops::momentum_update(*context_, gradient_,
                             {.learning_rate = static_cast<float>(options_.learning_rate),
                              .momentum = static_cast<float>(options_.momentum)},
                             velocity_, x);
        return {.loss = loss, .evaluations = 1, .converged = largest == 0};
    }

    /// See ops/state.hpp.
    template <class State>
    void exchange(State& s) {
        s("velocity", velocity_);
        s("rate", options_.learning_rate);
        s("recent", recent_);
    }

private:
    // A step to a J above all of its last values is shortened to a quarter, repeatedly if
    // necessary. Single steps of Barzilai and Borwein's rule may increase J.
    [[nodiscard]] bool climbed(double loss) const {
        return recent_.size() == remembered && !(loss <= *std::ranges::max_element(recent_));
    }
    void remember(double loss) {
        recent_.push_back(loss);
        if (recent_.size() > remembered)
            recent_.erase(recent_.begin());
    }
    step_report shorten_last_step(tensor_view<float, Device> x) {
        constexpr double kept = 0.25;
        ops::axpy(*context_, static_cast<float>((1 - kept) * options_.learning_rate), velocity_, x);
        options_.learning_rate *= kept;
        return {.loss = recent_.back(), .evaluations = 1, .converged = false};
    }

    // Without momentum the velocity is the last gradient g, and s = −rate·g. With the current
    // gradient h, s·s / s·y is rate·g·g / (g·g − g·h). Where J is not convex, it doubles.
    void adapt(double last_squared, double last_with_now) {
        constexpr double growth = 2;
        const double curvature = last_squared - last_with_now;
        options_.learning_rate *=
            growth * curvature > last_squared ? last_squared / curvature : growth;
    }

    static constexpr std::size_t remembered = 10;

    context<Device>* context_;
    gradient_descent_options options_;
    bool adapts_;
    tensor<float, Device> gradient_;
    tensor<float, Device> velocity_;
    ops::scalars<Device> numbers_;  ///< largest |dJ/dx|; g·g and g·h, as in adapt
    std::vector<double> recent_;    ///< the last values of J
};

}  // namespace impasto::optim
