#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <impasto/insight/unit_patches.hpp>

#include "cli/options.hpp"

namespace impasto::cli {

/// --channels: "0-31,40", "all" or "strongest:16".
struct channel_choice {
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges{};  ///< both ends included
    std::int64_t strongest = 0;  ///< if there are no ranges; 0: all channels

    /// Throws option_error for a channel that a layer with this number of channels does not have.
    void expect_in(const std::string& layer, std::int64_t channels) const;
    [[nodiscard]] std::vector<std::int64_t> of(const insight::top_patches& found) const;
};

struct patches_settings {
    std::vector<std::string> pictures;
    std::string output, manifest, folder;
    channel_choice channels{.strongest = 16};
    insight::unit_patches_options search{.layers = {}};
    std::int64_t size = 0, side = 64;
    bool gradients = false, quiet = false;
    engine_settings engine;
};

void add_patches_options(CLI::App& app, patches_settings& wanted);

}  // namespace impasto::cli
