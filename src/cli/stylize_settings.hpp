#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <impasto/painter/options.hpp>

#include "cli/options.hpp"

namespace impasto::cli {

/// What the command line of stylize says.
struct stylize_settings {
    std::string content, output;
    std::vector<std::string> styles;
    std::string init;  ///< a file to start from; empty: run.start says it
    engine_settings engine;
    stylize_options run;
    int snapshot_every = 0;
    std::string snapshot_folder;
    std::string report;             ///< a page; empty: none
    std::string checkpoint;         ///< where the painting is saved; empty: nowhere
    double checkpoint_every = 300;  ///< seconds
    std::string resume;             ///< a saved painting to go on with; empty: none
    bool dry_run = false, json = false, quiet = false;
};

/// Adds them to the command; the defaults are those of the library.
void add_stylize_options(CLI::App& app, stylize_settings& wanted);

}  // namespace impasto::cli
