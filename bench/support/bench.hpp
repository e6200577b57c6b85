#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>
#include <impasto/ops/random.hpp>

namespace impasto::bench {

/// What every context is made with; main sets it from --threads.
inline cpu_options machine{};

/// Each program registers its benchmarks here.
void add_benchmarks();

/// VGG-19's maps at the five style layers, of a picture of 512×512.
struct named_map {
    const char* name;
    shape extents;
};
inline constexpr std::array style_maps{
    named_map{"relu1_1", {1, 64, 512, 512}}, named_map{"relu2_1", {1, 128, 256, 256}},
    named_map{"relu3_1", {1, 256, 128, 128}}, named_map{"relu4_1", {1, 512, 64, 64}},
    named_map{"relu5_1", {1, 512, 32, 32}}};

/// Uniform in [-1, 1].
[[nodiscard]] inline tensor<float, cpu> random(context<cpu>& ctx, const shape& s,
                                               layout l = layout::nchw) {
    tensor<float, cpu> x(s, l);
    ops::fill_uniform(ctx, 1, -1, 1, x);
    return x;
}

/// Wall-clock time: the work is done by threads that the processor time of main does not see.
template <class Function>
benchmark::internal::Benchmark* add(const std::string& name, Function function) {
    return benchmark::RegisterBenchmark(name.c_str(), function)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
}

/// Floating-point operations of one iteration, shown per second.
inline void count_flop(benchmark::State& state, double flop) {
    state.counters["FLOP"] = {flop, benchmark::Counter::kIsIterationInvariantRate};
}

/// Bytes that one iteration has to move at least, shown per second.
inline void count_bytes(benchmark::State& state, double bytes) {
    state.counters["bytes"] = {bytes, benchmark::Counter::kIsIterationInvariantRate};
}

}  // namespace impasto::bench
