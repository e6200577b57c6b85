#pragma once

#include <concepts>

#include <impasto/core/tensor.hpp>

namespace impasto::optim {

/// What optimisers minimise: `evaluate(x, gradient)` returns J(x) and writes dJ/dx, which has the
/// extents of x. It need not be finite everywhere.
template <class F, class Device>
concept objective = requires(F& f, tensor_view<const float, Device> x,
                             tensor_view<float, Device> gradient) {
    { f.evaluate(x, gradient) } -> std::convertible_to<double>;
};

namespace detail {

/// J at x and its gradient; `measure` enqueues what else the optimiser reads of them. An objective
/// that takes it, evaluate(x, gradient, measure), lets the host wait once for everything.
template <class Device, objective<Device> F, class Measure>
double evaluate(F& f, tensor_view<const float, Device> x, tensor_view<float, Device> gradient,
                Measure&& measure) {
    if constexpr (requires { f.evaluate(x, gradient, measure); }) {
        return f.evaluate(x, gradient, measure);
    } else {
        const double loss = f.evaluate(x, gradient);
        measure();
        return loss;
    }
}

}  // namespace detail

}  // namespace impasto::optim
