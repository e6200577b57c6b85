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
    state_ = std::make_unique<state>();
    state_->threads = threads;
    const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    const auto avx512 = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
    state_->feature_layout = (isa & avx512) == avx512 ? layout::nchw16c : layout::nchw8c;
}

context<cpu>::~context() = default;

int context<cpu>::threads() const {
    return state_->threads;
}

layout context<cpu>::feature_layout() const {
    return state_->feature_layout;
}

void context<cpu>::reserve(std::size_t bytes) {
    if (bytes <= reserved_bytes())
        return;
    state_->scratch = {};
    state_->scratch = tensor<std::byte, cpu>({1, 1, 1, static_cast<std::int64_t>(bytes)});
}

std::size_t context<cpu>::reserved_bytes() const {
    return state_->scratch.bytes();
}

}  // namespace impasto
