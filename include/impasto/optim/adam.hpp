#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include <impasto/ops/scalars.hpp>
#include <impasto/ops/vector.hpp>
#include <impasto/optim/checks.hpp>
#include <impasto/optim/objective.hpp>
#include <impasto/optim/step_report.hpp>

namespace impasto::optim {

struct adam_options {
    double learning_rate = 0.02;  ///< in units of x: about the change of an element in one step
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;  ///< in units of the gradient; much smaller elements hardly change x
};

/// Adam with bias correction. Source: Kingma & Ba 2015, algorithm 1.
template <class Device>
class adam {
public:
    /// Throws option_error for a learning rate or ε ≤ 0, or a β outside [0, 1).
    adam(context<Device>& ctx, const shape& x, adam_options options = {})
        : context_(&ctx), options_(options), gradient_(x), m_(x), v_(x), largest_(ctx, 1) {
        detail::expect_positive("learning_rate", options.learning_rate);
        detail::expect_below_one("beta1", options.beta1);
        detail::expect_below_one("beta2", options.beta2);
        detail::expect_positive("epsilon", options.epsilon);
        ops::fill(ctx, 0, m_);
        ops::fill(ctx, 0, v_);
    }

    /// One iteration, in place; loss is J at the x before the step. Throws divergence_error, with x
    /// unchanged, if J or the gradient is not finite.
    template <objective<Device> F>
    step_report step(F& f, tensor_view<float, Device> x) {
        expect_shape("adam", "x", m_.shape(), x.shape());
        const double loss = detail::evaluate<Device>(
            f, x, gradient_, [this] { ops::max_abs(*context_, gradient_, largest_.slots(0)); });
        const auto largest = static_cast<float>(largest_.read(*context_)[0]);
        detail::expect_finite("adam", loss, largest);
        ++steps_;
        ops::adam_update(*context_, gradient_, coefficients(), m_, v_, x);
        return {.loss = loss, .evaluations = 1, .converged = largest == 0};
    }

    /// Continues with the moments of another run, such as one at a smaller scale, resized. Negative
    /// elements of v, which resizing can produce, are set to zero.
    /// Throws option_error for a negative number of steps.
    void resume(tensor_view<const float, Device> m, tensor_view<const float, Device> v,
                std::int64_t steps) {
        detail::expect_option(steps >= 0, "steps", steps, "a number of at least 0");
        ops::copy(*context_, m, m_);
        ops::copy(*context_, v, v_);
        ops::clamp(*context_, 0, std::numeric_limits<float>::max(), v_);
        steps_ = steps;
    }

    /// Running means of the gradient and of its square, without bias correction.
    [[nodiscard]] tensor_view<const float, Device> first_moment() const { return m_; }
    [[nodiscard]] tensor_view<const float, Device> second_moment() const { return v_; }
    [[nodiscard]] std::int64_t steps() const { return steps_; }

    /// See ops/state.hpp.
    template <class State>
    void exchange(State& s) {
        s("m", m_);
        s("v", v_);
        s("steps", steps_);
    }

private:
    [[nodiscard]] ops::adam_coefficients coefficients() const {
        const auto t = static_cast<double>(steps_);
        return {.learning_rate = static_cast<float>(options_.learning_rate),
                .beta1 = static_cast<float>(options_.beta1),
                .beta2 = static_cast<float>(options_.beta2),
                .epsilon = static_cast<float>(options_.epsilon),
                .correction1 = static_cast<float>(1 / (1 - std::pow(options_.beta1, t))),
                .correction2 = static_cast<float>(1 / (1 - std::pow(options_.beta2, t)))};
    }

    context<Device>* context_;
    adam_options options_;
    tensor<float, Device> gradient_;
    tensor<float, Device> m_;
    tensor<float, Device> v_;
    ops::scalars<Device> largest_;  ///< |dJ/dx|
    std::int64_t steps_ = 0;
};

}  // namespace impasto::optim
