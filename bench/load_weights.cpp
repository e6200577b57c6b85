// Loads each file that is named and prints how long that took, on the clock and of the processor,
// and how much memory it needed at most, against the bytes of the filters: load_weights FILE...
//
// Files to try: tests/weights/make_files.py --full FOLDER.

#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>

#include <sys/wait.h>
#include <unistd.h>

#include <impasto/weights/weights.hpp>

#include "support/peak_memory.hpp"

using impasto::bench::peak_memory;

namespace {

void measure(const char* file) {
    using clock = std::chrono::steady_clock;
    const double before = peak_memory::bytes();  // a mapped file's pages count too
    const auto begin = clock::now();
    const std::clock_t begin_of_work = std::clock();
    const auto network = impasto::weights::load(file);
    const std::chrono::duration<double> took = clock::now() - begin;
    const double worked = static_cast<double>(std::clock() - begin_of_work) / CLOCKS_PER_SEC;
    double bytes = 0;
    for (const auto& filter : network.filters)
        bytes += static_cast<double>(filter.weights.bytes() + filter.bias.bytes());
    std::printf("%-40s %4.0f MB of filters  %5.2f s  processor %5.2f s  peak %.2f of them\n", file,
                bytes / 1e6, took.count(), worked, (peak_memory::bytes() - before) / bytes);
}

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const pid_t child = ::fork();  // for a peak of its own
        if (child == 0) {
            try {
                measure(argv[i]);
                std::fflush(stdout);
            } catch (const std::exception& e) {
                std::printf("%s\n", e.what());
                std::fflush(stdout);
            }
            ::_exit(0);
        }
        ::waitpid(child, nullptr, 0);
    }
}
