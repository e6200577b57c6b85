#include "cuda/support/timer.hpp"

#include <algorithm>
#include <utility>

#include <impasto/core/error.hpp>

#include "core/check.hpp"
#include "core/context_state.hpp"
#include "cuda/support/matmul.hpp"

namespace impasto::bench {

using kernels::check;

namespace {

double seconds_between(cudaEvent_t from, cudaEvent_t to) {
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, from, to));
    return static_cast<double>(milliseconds) / 1000;
}

void count(benchmark::State& state, const std::string& name, const spread& times) {
    state.counters[name] = times.median;
    state.counters[name + "_low"] = times.low;
    state.counters[name + "_high"] = times.high;
}

}  // namespace

spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
        return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    return values.empty() ? spread{} : spread{at(0.5), at(0.1), at(0.9)};
}

timer::timer(context<cuda>& ctx)
    : ctx_(&ctx),
      filler_({1, 1, 1,
               std::max<std::int64_t>(2 * std::int64_t{ctx.get().properties.l2CacheSize},
                                      std::int64_t{64} << 20)}) {
    for (auto& mark : marks_)
        check(cudaEventCreate(&mark));
}

timer::~timer() {
    for (auto mark : marks_)
        cudaEventDestroy(mark);
}

void timer::flush() {
    check(cudaMemsetAsync(filler_.data(), 0, filler_.bytes(), ctx_->get().stream));
}

timer::times timer::once(const std::function<void()>& work) {
    const auto stream = ctx_->get().stream;
    flush();
    check(cudaEventRecord(marks_[0], stream));
    work();
    check(cudaEventRecord(marks_[1], stream));
    work();
    check(cudaEventRecord(marks_[2], stream));
    ctx_->synchronize();
    return {seconds_between(marks_[0], marks_[1]), seconds_between(marks_[1], marks_[2])};
}

void timer::run(benchmark::State& state, const work_size& size, const std::function<void()>& work) {
    work();
    ctx_->synchronize();
    std::vector<double> cold, warm;
    for (auto _ : state) {
        const auto t = once(work);
        state.SetIterationTime(t.cold);
        cold.push_back(t.cold);
        warm.push_back(t.warm);
    }
    const auto usual = spread_of(std::move(warm));
    count(state, "warm", usual);
    count(state, "cold", spread_of(std::move(cold)));
    if (size.bytes > 0)
        state.counters["bytes"] = size.bytes / usual.median;
    if (size.flop > 0) {
        state.counters["FLOP"] = size.flop / usual.median;
        state.counters["of_matmul"] = size.flop / usual.median / matmul_rate();
    }
}

double timer::least(const std::function<void()>& work, int tries) {
    double seconds = once(work).warm;
    for (int i = 1; i < tries; ++i)
        seconds = std::min(seconds, once(work).warm);
    return seconds;
}

benchmark::internal::Benchmark* add_timed(const std::string& name,
                                          std::function<void(benchmark::State&)> function) {
    const auto guarded = [function = std::move(function)](benchmark::State& state) {
        try {
            function(state);
        } catch (const error& e) {
            state.SkipWithError(e.what());
        }
    };
    return benchmark::RegisterBenchmark(name.c_str(), guarded)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
}

}  // namespace impasto::bench
