#pragma once

#include <impasto/ops/scalars.hpp>
#include <impasto/ops/vector.hpp>
#include <impasto/optim/checks.hpp>
#include <impasto/optim/objective.hpp>
#include <impasto/optim/step_report.hpp>

namespace impasto::optim {

struct gradient_descent_options {
    /// 0: chosen in the first step, so that the element that moves most goes first_step.
    double learning_rate = 0;
    double momentum = 0;       ///< 0: plain gradient descent
    double first_step = 0.02;  ///< in x's unit
};

/// x ← x − learning_rate·v with v ← momentum·v + dJ/dx (Polyak 1964).
template <class Device>
class gradient_descent {
public:
    /// Throws option_error on a negative learning rate, a first step ≤ 0 or a momentum outside [0,
    /// 1).
    gradient_descent(context<Device>& ctx, const shape& x, gradient_descent_options options = {})
        : context_(&ctx), options_(options), gradient_(x), velocity_(x), largest_(ctx, 1) {
        if (options.learning_rate != 0)
            detail::expect_positive("learning_rate", options.learning_rate);
        detail::expect_positive("first_step", options.first_step);
        detail::expect_below_one("momentum", options.momentum);
        ops::fill(ctx, 0, velocity_);
    }

    /// One iteration in place; loss is J at the x it started from. Throws
    /// divergence_error, x unchanged, where J or the gradient is not finite.
    template <objective<Device> F>
    step_report step(F& f, tensor_view<float, Device> x) {
        expect_shape("gradient_descent", "x", gradient_.shape(), x.shape());
        const double loss = detail::evaluate<Device>(
            f, x, gradient_, [this] { ops::max_abs(*context_, gradient_, largest_.slots(0)); });
        const auto largest = static_cast<float>(largest_.read(*context_)[0]);
        detail::expect_finite("gradient_descent", loss, largest);
        if (options_.learning_rate == 0 && largest > 0)
            options_.learning_rate = options_.first_step / static_cast<double>(largest);
        ops::momentum_update(*context_, gradient_,
                             {.learning_rate = static_cast<float>(options_.learning_rate),
                              .momentum = static_cast<float>(options_.momentum)},
                             velocity_, x);
        return {.loss = loss, .evaluations = 1, .converged = largest == 0};
    }

private:
    context<Device>* context_;
    gradient_descent_options options_;
    tensor<float, Device> gradient_;
    tensor<float, Device> velocity_;
    ops::scalars<Device> largest_;  ///< |dJ/dx|
};

}  // namespace impasto::optim
