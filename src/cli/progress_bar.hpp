#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace impasto::cli {

/// One line on stderr that is written over and over, cut to the terminal's width.
class progress_bar {
public:
    progress_bar();
    ~progress_bar() { clear(); }  // an error's line is to stand alone
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    /// Whether stderr is a terminal that can go back.
    [[nodiscard]] static bool possible();

    /// `share` of the bar, 0 to 1, is full. Calls that follow too closely do nothing, unless
    /// `last`.
    void draw(const std::string& before, double share, const std::string& after, bool last);
    void clear();

private:
    using clock = std::chrono::steady_clock;

    bool color_, shown_ = false;
    clock::time_point next_{};
};

/// Tells of work in equal steps how far it is: a bar on a terminal, else a line now and then.
class step_report {
public:
    step_report(std::string what, std::size_t steps, bool quiet);

    /// After each step.
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
