#pragma once

namespace impasto::optim {

/// What one step of an optimiser found.
struct step_report {
    double loss;      ///< J; each optimiser says at which x
    int evaluations;  ///< of J and its gradient, in this step
    bool converged;   ///< the gradient vanished, or nothing lower could be found
};

}  // namespace impasto::optim
