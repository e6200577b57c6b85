#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace impasto::cli {

/// One line on stderr that is redrawn, cut to the width of the terminal.
class progress_bar {
public:
    progress_bar();
    ~progress_bar() { clear(); }  // an error gets a line of its own
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    /// True if stderr is a terminal that can redraw a line.
    [[nodiscard]] static bool possible();

    /// Draws the bar; share: the filled part, 0 to 1. Calls within 100 ms of the last drawing have
    /// no effect unless `last`.
    void draw(const std::string& before, double share, const std::string& after, bool last);
    void clear();

private:
    using clock = std::chrono::steady_clock;

    bool color_, shown_ = false;
    clock::time_point next_{};
};

/// Progress of work in equal steps: a bar on a terminal, otherwise a line every few seconds.
class step_report {
public:
    step_report(std::string what, std::size_t steps, bool quiet);

    /// Call after each step.
    void advance();
    void finish() { bar_.clear(); }
    [[nodiscard]] double seconds() const;

private:
    using clock = std::chrono::steady_clock;

    std::string what_;
    std::size_t steps_, done_ = 0;
    bool quiet_, lines_;
    clock::time_point start_ = clock::now();
    double next_line_ = 5;
    progress_bar bar_;
};

}  // namespace impasto::cli
