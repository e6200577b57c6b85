#pragma once

#include <fstream>
#include <string>

#include <malloc.h>

namespace impasto::bench {

/// The most memory that this process has had resident since reset(); Linux alone.
struct peak_memory {
    /// Where the system refuses, the peak counts from the start of the process.
    static void reset() {
        malloc_trim(0);
        std::ofstream("/proc/self/clear_refs") << 5;
    }

    [[nodiscard]] static double bytes() {
        std::ifstream status("/proc/self/status");
        for (std::string word; status >> word;)
            if (double kibibytes = 0; word == "VmHWM:" && status >> kibibytes)
                return 1024 * kibibytes;
        return 0;
    }
};

}  // namespace impasto::bench
