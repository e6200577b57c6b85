#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <impasto/image/io.hpp>
#include <impasto/insight/run_report.hpp>
#include <impasto/painter/options.hpp>

#include "cli/json.hpp"

namespace impasto::cli {

/// Everything that decides what a picture looks like. Where it is written to does not: the same
/// recipe gives the same bytes under any name.
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

/// The notes that a PNG carries: "Software", and "impasto:options" with the recipe as JSON, named
/// as the tool's options are.
[[nodiscard]] std::vector<image::text_entry> text_of(const recipe& recipe);

/// The same for another command that paints: its name, what it was given, and of the run's options
/// those that it has.
struct command_recipe {
    std::string command;
    nlohmann::ordered_json given;
    std::string weights;
    std::string preprocessing;
    std::string device;
    int threads = 0;
    stylize_options run;
    std::vector<std::string> options;  ///< "size", "seed", …; those of the view are always told
};
[[nodiscard]] std::vector<image::text_entry> text_of(const command_recipe& recipe);

/// A recipe for people: "style-layers", "relu1_1=1, relu2_1=0.5".
[[nodiscard]] std::vector<insight::fact> facts_of(const recipe& recipe);

}  // namespace impasto::cli
