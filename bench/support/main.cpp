#include <cstdlib>
#include <iostream>
#include <string_view>

#include <impasto/core/version.hpp>

#include "support/bench.hpp"

namespace {

using namespace impasto;

/// Takes --threads=N out of the arguments that Google Benchmark has left.
void take_threads(int& count, char** arguments) {
    constexpr std::string_view flag = "--threads=";
    int kept = 1;
    for (int i = 1; i < count; ++i) {
        if (std::string_view(arguments[i]).starts_with(flag))
            bench::machine.threads = std::atoi(arguments[i] + flag.size());
        else
            arguments[kept++] = arguments[i];
    }
    count = kept;
}

}  // namespace

int main(int count, char** arguments) try {
    benchmark::Initialize(&count, arguments);
    take_threads(count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments))
        return 2;
    const context<cpu> here(bench::machine);
    benchmark::AddCustomContext("impasto", version);
    benchmark::AddCustomContext("threads", std::to_string(here.threads()));
    benchmark::AddCustomContext("feature layout", to_string(here.feature_layout()));
    bench::add_benchmarks();
    benchmark::RunSpecifiedBenchmarks();
    return 0;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
