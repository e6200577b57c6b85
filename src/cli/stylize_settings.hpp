#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <impasto/painter/options.hpp>

#include "cli/options.hpp"

namespace impasto::cli {

/// The command line of stylize.
struct stylize_settings {
    std::string content, output;
    std::vector<std::string> styles;
    std::string init;  ///< file with the initial picture; empty: see run.start
    engine_settings engine;
    stylize_options run;
    int snapshot_every = 0;
    std::string snapshot_folder;
    std::string report;             ///< file of the report; empty: none
    std::string checkpoint;         ///< file for checkpoints; empty: none
    double checkpoint_every = 300;  ///< interval in seconds
    std::string resume;             ///< checkpoint to continue from; empty: none
    bool dry_run = false, json = false, quiet = false;
};

/// Adds the options to the command; the defaults are those of the library.
void add_stylize_options(CLI::App& app, stylize_settings& wanted);

}  // namespace impasto::cli
