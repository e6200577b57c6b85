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

/// What is known before a run.
struct run_plan {
    std::vector<scale_plan> scales;
    std::string network;
    engine_facts engine;
    std::uint64_t seed = 0;
    std::optional<double> estimated_seconds;

    [[nodiscard]] std::size_t peak_bytes() const;
};

/// What is known after it.
struct run_result {
    std::filesystem::path file;
    std::int64_t height = 0, width = 0;
    double seconds = 0;
    std::uint64_t seed = 0;
    bool interrupted = false;
};

/// Hears of a run and tells whoever started it. This one says nothing: --quiet.
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

/// One JSON object a line on stdout.
[[nodiscard]] std::unique_ptr<report> make_json_report();

/// The result on stdout; on the way to it a bar on stderr where that is a terminal, else lines.
[[nodiscard]] std::unique_ptr<report> make_text_report();

}  // namespace impasto::cli
