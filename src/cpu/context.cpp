#include <impasto/core/context.hpp>

#include <string>

#include <omp.h>

#include <impasto/core/error.hpp>

#include "cpu/context_state.hpp"

namespace impasto {

context<cpu>::context(cpu_options options) {
    if (options.threads < 0)
        throw option_error("threads: " + std::to_string(options.threads) +
                           " is negative; give 1 or more, or 0 for all");
    const int threads = options.threads == 0 ? omp_get_num_procs() : options.threads;
    // oneDNN asks OpenMP when it builds a primitive and again when it runs one.
    omp_set_num_threads(threads);
    state_.reset(new state{.threads = threads});
}

context<cpu>::~context() = default;

int context<cpu>::threads() const {
    return state_->threads;
}

}  // namespace impasto
