#include <iostream>
#include <sstream>
#include <string>

#include <impasto/core/error.hpp>
#include <impasto/core/version.hpp>

#include "cuda/support/device.hpp"
#include "cuda/support/matmul.hpp"
#include "support/bench.hpp"

namespace impasto::bench {

context<cuda>& device() {
    static context<cuda> ctx;
    return ctx;
}

}  // namespace impasto::bench

namespace {

using namespace impasto;

std::string teraflops(double rate) {
    std::ostringstream text;
    text << rate / 1e12 << " TFLOP/s";
    return text.str();
}

/// Whether there is a GPU; if not, says so in one line.
bool found_gpu() try {
    benchmark::AddCustomContext("GPU", bench::device().name());
    return true;
} catch (const cuda_error& error) {
    std::cout << "skipped: " << error.what() << '\n';
    return false;
}

}  // namespace

int main(int count, char** arguments) try {
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments))
        return 2;
    if (!found_gpu())
        return 0;
    benchmark::AddCustomContext("impasto", version);
    benchmark::AddCustomContext("16-bit matmul", teraflops(bench::matmul_rate()));
    bench::add_benchmarks();
    benchmark::RunSpecifiedBenchmarks();
    return 0;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
