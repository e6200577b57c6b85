#include <algorithm>
#include <iostream>
#include <string>

#include "cli/progress_bar.hpp"
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

/// Prints lines only: for pipes, logs, and terminals that cannot redraw a line.
class line_report : public report {
public:
    void planned(const run_plan& plan) override {
        std::cout << plan.network << ", " << words_of(plan.engine) << ", "
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

class bar_report : public line_report {
public:
    void advanced(const progress& now, const pace& pace) override {
        const bool last = now.scale + 1 == now.scales && now.iteration == now.iterations;
        bar_.draw(place_text(now), static_cast<double>(now.iteration) / now.iterations,
                  pace_text(pace) + "  " + losses_text(now.losses), last);
    }

    void saved_snapshot(const std::filesystem::path&, int) override {}

    void finished(const run_result& result) override {
        bar_.clear();
        line_report::finished(result);
    }

private:
    progress_bar bar_;
};

}  // namespace

std::size_t run_plan::peak_bytes() const {
    std::size_t peak = 0;
    for (const auto& scale : scales)
        peak = std::max(peak, scale.peak_bytes);
    return peak;
}

std::unique_ptr<report> make_text_report() {
    if (progress_bar::possible())
        return std::make_unique<bar_report>();
    return std::make_unique<line_report>();
}

}  // namespace impasto::cli
