#pragma once

#include <CLI/CLI.hpp>

#include <impasto/nn/view.hpp>

#include "cli/json.hpp"

namespace impasto::cli {

enum class passes { forward, forward_and_backward };

/// The options of nn::view, the same for every command. --recompute is for commands with a backward
/// pass.
void add_view_options(CLI::App& app, nn::view& view, passes network);

/// The options as JSON for a recipe, with the names of the options.
[[nodiscard]] nlohmann::ordered_json view_json(const nn::view& view);

}  // namespace impasto::cli
