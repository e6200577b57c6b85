#pragma once

#include <optional>
#include <string>

#include <unistd.h>

#include <impasto/core/context.hpp>
#include <impasto/core/error.hpp>

#include "cli/options.hpp"

namespace impasto::cli {

/// The engine, as recipes, reports and plans describe it.
struct engine_facts {
    std::string device;                   ///< "cpu", "NVIDIA H200"
    int threads = 0;                      ///< of the CPU; 0 for a GPU
    double memory = 0;                    ///< bytes that a run may use; 0: unknown
    const char* of = "this machine has";  ///< "…, and this machine has 16 GB"
};

/// "2 threads", "NVIDIA H200"
[[nodiscard]] inline std::string words_of(const engine_facts& engine) {
    if (engine.threads == 0)
        return engine.device;
    return std::to_string(engine.threads) + (engine.threads == 1 ? " thread" : " threads");
}

[[nodiscard]] inline engine_facts facts_of(const context<cpu>& ctx) {
    return {.device = "cpu",
            .threads = ctx.threads(),
            .memory = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
                      static_cast<double>(::sysconf(_SC_PAGESIZE))};
}

#ifdef IMPASTO_HAS_CUDA

[[nodiscard]] inline engine_facts facts_of(const context<cuda>& ctx) {
    return {.device = ctx.name(),
            .memory = static_cast<double>(ctx.free_bytes()),
            .of = "the GPU has free"};
}

/// Calls f with the context that --device selects. Throws cuda_error if a GPU is requested that
/// does not exist or cannot be used.
template <class F>
auto on_engine(const engine_settings& engine, F f) {
    std::optional<context<cuda>> gpu;
    if (engine.device.kind != device_choice::cpu) {
        try {
            gpu.emplace(cuda_options{.device = engine.device.number});
        } catch (const cuda_error& e) {
            if (engine.device.kind == device_choice::cuda)
                throw cuda_error(std::string("--device cuda: ") + e.what());
        }
    }
    if (gpu)
        return f(*gpu);
    context<cpu> here({.threads = engine.threads});
    return f(here);
}

#else

template <class F>
auto on_engine(const engine_settings& engine, F f) {
    if (engine.device.kind == device_choice::cuda)
        throw option_error("--device: this build has no CUDA engine; use cpu or auto");
    context<cpu> here({.threads = engine.threads});
    return f(here);
}

#endif

}  // namespace impasto::cli
