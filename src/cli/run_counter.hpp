#pragma once

#include <iostream>
#include <string>

#include <unistd.h>

#include <impasto/painter/options.hpp>

#include "cli/interrupt.hpp"
#include "cli/units.hpp"

namespace impasto::cli {

/// Observes several runs, one after another, one for each layer. On a terminal it shows a line with
/// the iteration and the loss, elsewhere nothing. Ctrl-C stops the current run.
class run_counter {
public:
    explicit run_counter(bool quiet) : shows_(!quiet && ::isatty(STDERR_FILENO) != 0) {}
    run_counter(const run_counter&) = delete;
    run_counter& operator=(const run_counter&) = delete;
    ~run_counter() {
        if (shows_)
            std::cerr << "\r\x1b[K" << std::flush;
    }

    /// The observer to pass to the library, which copies it.
    [[nodiscard]] observer watch() {
        return [this](const progress& now) {
            if (shows_)
                std::cerr << "\r" << deepest(now.losses) << "  " << size_text(now.height, now.width)
                          << "  " << now.iteration << "/" << now.iterations << "  loss "
                          << compact(now.losses.total, 4) << "\x1b[K" << std::flush;
            return interrupt::asked();
        };
    }

private:
    static std::string deepest(const style::loss_terms& losses) {
        const auto& terms = losses.style.empty() ? losses.content : losses.style;
        return terms.empty() ? "" : terms.back().name;
    }

    interrupt ctrl_c_;
    bool shows_;
};

}  // namespace impasto::cli
