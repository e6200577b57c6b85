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

}  // namespace impasto::optim
