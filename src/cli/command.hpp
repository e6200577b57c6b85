#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace impasto::cli {

/// Exit codes of the process; after a signal see interrupt::exit_code().
enum exit_code { success = 0, failure = 1, wrong_use = 2 };

/// A subcommand: its options, and `run`, which is called after parsing and returns an exit code;
/// errors are exceptions.
struct command {
    CLI::App* app;
    std::function<int()> run;
};

[[nodiscard]] command add_stylize(CLI::App& tool);
[[nodiscard]] command add_evaluate(CLI::App& tool);
[[nodiscard]] command add_features(CLI::App& tool);
[[nodiscard]] command add_info(CLI::App& tool);
[[nodiscard]] command add_explain(CLI::App& tool);
[[nodiscard]] command add_invert(CLI::App& tool);
[[nodiscard]] command add_texture(CLI::App& tool);
[[nodiscard]] command add_patches(CLI::App& tool);
[[nodiscard]] command add_weights(CLI::App& tool);

}  // namespace impasto::cli
