#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <impasto/painter/options.hpp>

#include "cli/engine.hpp"
#include "cli/pace.hpp"

namespace impasto::cli {

/// The plan of a run, before it starts.
struct run_plan {
    std::vector<scale_plan> scales;
    std::string network;
    engine_facts engine;
    std::uint64_t seed = 0;
    std::optional<double> estimated_seconds;

    [[nodiscard]] std::size_t peak_bytes() const;
};

/// The result of a run.
struct run_result {
    std::filesystem::path file;
    std::int64_t height = 0, width = 0;
    double seconds = 0;
    std::uint64_t seed = 0;
    bool interrupted = false;
};

/// Prints the course of a run. This base class prints nothing (--quiet).
class report {
public:
    report() = default;
    report(const report&) = delete;
    report& operator=(const report&) = delete;
    virtual ~report() = default;

    virtual void planned(const run_plan&) {}
    virtual void advanced(const progress&, const pace&) {}
    virtual void saved_snapshot(const std::filesystem::path&, int /*iteration*/) {}
    virtual void finished(const run_result&) {}
};

/// Prints one JSON object per line on stdout.
[[nodiscard]] std::unique_ptr<report> make_json_report();

/// Prints the result on stdout, and progress on stderr: as a bar on a terminal, else as lines.
[[nodiscard]] std::unique_ptr<report> make_text_report();

}  // namespace impasto::cli
