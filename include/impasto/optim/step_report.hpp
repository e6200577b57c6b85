#pragma once

namespace impasto::optim {

/// The result of one step of an optimiser.
struct step_report {
    double loss;      ///< J; the documentation of each optimiser says at which x
    int evaluations;  ///< number of evaluations of J in this step
    bool converged;   ///< the gradient is zero, or no lower point was found
};

}  // namespace impasto::optim
