#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <impasto/image/io.hpp>
#include <impasto/insight/run_report.hpp>
#include <impasto/painter/options.hpp>

#include "cli/json.hpp"

namespace impasto::cli {

/// All options that affect a picture. The name of the output is not one of them: the same recipe
/// gives the same bytes under any name.
struct recipe {
    std::string content;
    std::vector<std::string> styles;
    std::string weights;
    std::string preprocessing;
    bool normalize_activations = false, normalize_layers = false;
    std::string init;
    std::string device;
    int threads = 0;
    stylize_options run;
};

/// The texts stored in a PNG: "Software", and "impasto:options" with the recipe as JSON, with the
/// names of the tool's options.
[[nodiscard]] std::vector<image::text_entry> text_of(const recipe& recipe);

/// The same for other commands that paint: the name of the command, its arguments, and those of the
/// run's options that it has.
struct command_recipe {
    std::string command;
    nlohmann::ordered_json given;
    std::string weights;
    std::string preprocessing;
    std::string device;
    int threads = 0;
    stylize_options run;
    std::vector<std::string> options;  ///< "size", "seed", …; those of the view are always included
};
[[nodiscard]] std::vector<image::text_entry> text_of(const command_recipe& recipe);

/// A recipe as a table: "style-layers", "relu1_1=1, relu2_1=0.5".
[[nodiscard]] std::vector<insight::fact> facts_of(const recipe& recipe);

}  // namespace impasto::cli
