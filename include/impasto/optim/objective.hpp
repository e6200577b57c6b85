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

/// An objective that can be asked in two halves: enqueue hands the work to the device, value waits
/// for it and returns J. What is enqueued in between is waited for as well. It may have a third,
/// again, which says whether to enqueue once more before the value is asked.
template <class F, class Device>
concept deferred_objective = objective<F, Device> &&
    requires(F& f, tensor_view<const float, Device> x, tensor_view<float, Device> gradient) {
    f.enqueue(x, gradient);
    { f.value() } -> std::convertible_to<double>;
};

namespace detail {

/// J at x and its gradient; `measure` enqueues what else the optimiser wants to know of them, so
/// that the host waits once for everything.
template <class Device, objective<Device> F, class Measure>
double evaluate(F& f, tensor_view<const float, Device> x, tensor_view<float, Device> gradient,
                Measure&& measure) {
    if constexpr (deferred_objective<F, Device>) {
        bool again = false;
        do {
            f.enqueue(x, gradient);
            measure();
            if constexpr (requires { f.again(); })
                again = f.again();
        } while (again);
        return f.value();
    } else {
        const double loss = f.evaluate(x, gradient);
        measure();
        return loss;
    }
}

}  // namespace detail

}  // namespace impasto::optim
