#include "cli/progress_bar.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/units.hpp"

namespace impasto::cli {

namespace {

constexpr std::size_t bar_width = 20;
constexpr double seconds_between_lines = 5;

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::size_t terminal_width() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

}  // namespace

progress_bar::progress_bar() : color_(environment("NO_COLOR").empty()) {}

bool progress_bar::possible() {
    return ::isatty(STDERR_FILENO) != 0 && environment("TERM") != "dumb";
}

void progress_bar::draw(const std::string& before, double share, const std::string& after,
                        bool last) {
    if (!last && shown_ && clock::now() < next_)
        return;
    next_ = clock::now() + std::chrono::milliseconds(100);
    const auto done =
        static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(bar_width));
    const std::string full(done, '='), empty(bar_width - done, ' ');
    const auto place = before + "  ", rest = "  " + after;
    const std::size_t taken = place.size() + bar_width + 2, width = terminal_width() - 1;
    std::cerr << "\r" << place << "[" << (color_ ? "\x1b[36m" + full + "\x1b[0m" : full) << empty
              << "]" << rest.substr(0, width > taken ? width - taken : 0) << "\x1b[K" << std::flush;
    shown_ = true;
}

void progress_bar::clear() {
    if (shown_)
        std::cerr << "\r\x1b[K" << std::flush;
    shown_ = false;
}

step_report::step_report(std::string what, std::size_t steps, bool quiet)
    : what_(std::move(what)), steps_(steps), quiet_(quiet), lines_(!progress_bar::possible()) {}

double step_report::seconds() const {
    return std::chrono::duration<double>(clock::now() - start_).count();
}

void step_report::advance() {
    ++done_;
    if (quiet_)
        return;
    const double passed = seconds(), steps = static_cast<double>(steps_);
    const double rate = static_cast<double>(done_) / std::max(passed, 1e-6);
    const auto before = what_ + " " + std::to_string(done_) + "/" + std::to_string(steps_);
    const auto after = compact(rate, 3) + "/s  " +
                       clock_text(static_cast<double>(steps_ - done_) / rate) + " left";
    if (!lines_) {
        bar_.draw(before, static_cast<double>(done_) / steps, after, done_ == steps_);
    } else if (passed >= next_line_) {
        next_line_ = passed + seconds_between_lines;
        std::cerr << before << "  " << after << std::endl;
    }
}

}  // namespace impasto::cli
