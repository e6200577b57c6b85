#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/report.hpp"
#include "cli/units.hpp"

namespace impasto::cli {

namespace {

double sum(const std::vector<style::layer_term>& terms) {
    double value = 0;
    for (const auto& term : terms)
        value += term.value;
    return value;
}

std::string place_text(const progress& now) {
    return "scale " + std::to_string(now.scale + 1) + "/" + std::to_string(now.scales) + " " +
           size_text(now.height, now.width) + "  " + std::to_string(now.iteration) + "/" +
           std::to_string(now.iterations);
}

std::string pace_text(const pace& pace) {
    const auto rate = pace.iterations_per_second();
    return (rate > 0 ? compact(rate, 3) + " it/s  " : "") + clock_text(pace.seconds_left()) +
           " left";
}

std::string losses_text(const style::loss_terms& losses) {
    return "loss " + compact(losses.total, 4) + "  content " + compact(sum(losses.content), 3) +
           "  style " + compact(sum(losses.style), 3) + "  tv " + compact(losses.tv, 3);
}

/// Lines alone: for a pipe, a log, a terminal that cannot go back.
class line_report : public report {
public:
    void planned(const run_plan& plan) override {
        std::cout << plan.network << ", " << plan.threads
                  << (plan.threads == 1 ? " thread" : " threads") << ", "
                  << bytes_text(static_cast<double>(plan.peak_bytes())) << " at most, seed "
                  << plan.seed << "\n";
        for (std::size_t i = 0; i < plan.scales.size(); ++i) {
            const auto& scale = plan.scales[i];
            std::cout << "scale " << i + 1 << "/" << plan.scales.size() << ": "
                      << size_text(scale.height, scale.width) << ", " << scale.iterations
                      << " iterations, " << bytes_text(static_cast<double>(scale.peak_bytes))
                      << "\n";
        }
        if (plan.estimated_seconds)
            std::cout << "about " << clock_text(*plan.estimated_seconds)
                      << " on this machine (an estimate)\n";
        std::cout << std::flush;
    }

    void advanced(const progress& now, const pace& pace) override {
        const bool first = now.iteration == 1, last = now.iteration == now.iterations;
        if (!first && !last && pace.seconds() < next_line_)
            return;
        next_line_ = pace.seconds() + seconds_between_lines;
        std::cerr << place_text(now) << "  " << pace_text(pace) << "  " << losses_text(now.losses)
                  << std::endl;
    }

    void saved_snapshot(const std::filesystem::path& file, int iteration) override {
        std::cerr << file.string() << ": iteration " << iteration << std::endl;
    }

    void finished(const run_result& result) override {
        std::cout << result.file.string() << ": " << size_text(result.height, result.width)
                  << (result.interrupted ? ", stopped after " : ", ") << compact(result.seconds, 3)
                  << " s, seed " << result.seed << std::endl;
    }

private:
    static constexpr double seconds_between_lines = 5;
    double next_line_ = 0;
};

/// One line that is written over and over, cut to the terminal's width.
class bar_report : public line_report {
public:
    explicit bar_report(bool color) : color_(color) {}
    ~bar_report() override { clear(); }  // an error's line is to stand alone

    void advanced(const progress& now, const pace& pace) override {
        const bool last = now.scale + 1 == now.scales && now.iteration == now.iterations;
        if (!last && shown_ && pace.seconds() < next_draw_)
            return;
        next_draw_ = pace.seconds() + 0.1;
        const auto place = place_text(now) + "  ";
        const auto rest = "  " + pace_text(pace) + "  " + losses_text(now.losses);
        const std::size_t taken = place.size() + bar_width + 2, width = terminal_width() - 1;
        std::cerr << "\r" << place << bar(now) << rest.substr(0, width > taken ? width - taken : 0)
                  << "\x1b[K" << std::flush;
        shown_ = true;
    }

    void saved_snapshot(const std::filesystem::path&, int) override {}

    void finished(const run_result& result) override {
        clear();
        line_report::finished(result);
    }

private:
    static constexpr int bar_width = 20;

    [[nodiscard]] std::string bar(const progress& now) const {
        const auto done = static_cast<std::size_t>(bar_width * now.iteration / now.iterations);
        const std::string full(done, '='), empty(bar_width - done, ' ');
        return "[" + (color_ ? "\x1b[36m" + full + "\x1b[0m" : full) + empty + "]";
    }

    static std::size_t terminal_width() {
        winsize size{};
        const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        return known ? size.ws_col : 80;
    }

    void clear() {
        if (shown_)
            std::cerr << "\r\x1b[K" << std::flush;
        shown_ = false;
    }

    bool color_, shown_ = false;
    double next_draw_ = 0;
};

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

std::size_t run_plan::peak_bytes() const {
    std::size_t peak = 0;
    for (const auto& scale : scales)
        peak = std::max(peak, scale.peak_bytes);
    return peak;
}

std::unique_ptr<report> make_text_report() {
    if (::isatty(STDERR_FILENO) == 0 || environment("TERM") == "dumb")
        return std::make_unique<line_report>();
    return std::make_unique<bar_report>(environment("NO_COLOR").empty());
}

}  // namespace impasto::cli
