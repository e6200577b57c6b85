#pragma once

#include <cmath>
#include <cstdint>

#include <impasto/ops/vector.hpp>
#include <impasto/optim/checks.hpp>

namespace impasto::optim {

/// Exponential average of iterates with bias correction, Σ decayᵗ⁻ⁱ·xᵢ / Σ decayᵗ⁻ⁱ. After one
/// update it equals that x.
template <class Device>
class average {
public:
    /// Throws option_error for a decay outside [0, 1).
    average(context<Device>& ctx, const shape& x, double decay)
        : context_(&ctx), decay_(decay), value_(x) {
        detail::expect_below_one("decay", decay);
        ops::fill(ctx, 0, value_);
    }

    void update(tensor_view<const float, Device> x) {
        ++updates_;
        const double weight = (1 - decay_) / (1 - std::pow(decay_, static_cast<double>(updates_)));
        ops::lerp(*context_, x, static_cast<float>(weight), value_);
    }

    /// Zero before the first update.
    [[nodiscard]] tensor_view<const float, Device> value() const { return value_; }

    /// See ops/state.hpp.
    template <class State>
    void exchange(State& s) {
        s("value", value_);
        s("updates", updates_);
    }

private:
    context<Device>* context_;
    double decay_;
    tensor<float, Device> value_;
    std::int64_t updates_ = 0;
};

}  // namespace impasto::optim
