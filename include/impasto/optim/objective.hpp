#pragma once

#include <concepts>

#include <impasto/core/tensor.hpp>

namespace impasto::optim {

/// A function to minimise: `evaluate(x, gradient)` returns J(x) and writes dJ/dx, which has the
/// shape of x. J need not be finite everywhere.
template <class F, class Device>
concept objective = requires(F& f, tensor_view<const float, Device> x,
                             tensor_view<float, Device> gradient) {
    { f.evaluate(x, gradient) } -> std::convertible_to<double>;
};

namespace detail {

/// Returns J at x and writes its gradient; `measure` enqueues further operations on them. If the
/// objective has evaluate(x, gradient, measure), the host waits only once for all results.
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
