#pragma once

#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <cuda_runtime.h>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::bench {

/// The median of many times and where most of them lie, in seconds.
struct spread {
    double median = 0;
    double low = 0;   ///< a tenth of them is below
    double high = 0;  ///< a tenth is above
};
[[nodiscard]] spread spread_of(std::vector<double> values);

/// What a piece of work does at least, for the rates that are shown.
struct work_size {
    double flop = 0;
    double bytes = 0;
};

/// Times what a function enqueues on a context, by events: first behind a fill of twice the L2
/// cache, which leaves nothing of the operands in it, then again at once. The fill also gives the
/// host the time to enqueue both, so that no launch is waited for.
class timer {
public:
    explicit timer(context<cuda>& ctx);
    ~timer();
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    /// Runs it once untimed, which brings scratch memory to its size; then as often as the
    /// benchmark asks. Counters: median, low and high of `warm` and of `cold`; from warm's median
    /// FLOP and bytes a second, and FLOP as a share of the matrix product's rate in 16 bits.
    void run(benchmark::State& state, const work_size& size, const std::function<void()>& work);

    /// Seconds of one call, of the fewest of a few warm ones.
    [[nodiscard]] double least(const std::function<void()>& work, int tries = 5);

private:
    struct times {
        double cold, warm;
    };
    [[nodiscard]] times once(const std::function<void()>& work);
    void flush();

    context<cuda>* ctx_;
    tensor<char, cuda> filler_;
    cudaEvent_t marks_[3] = {};
};

/// Registers a benchmark whose time is the GPU's, L2 flushed, in microseconds. Where it throws,
/// such as for want of memory, its row says why and the others go on.
benchmark::internal::Benchmark* add_timed(const std::string& name,
                                          std::function<void(benchmark::State&)> function);

}  // namespace impasto::bench
