#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>

#include <impasto/core/context.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/painter/options.hpp>

#include "cli/names.hpp"
#include "cli/option_group.hpp"

/// Options that several commands share.
namespace impasto::cli {

/// Longest side that --size takes. Above it memory would run out long before patience.
inline constexpr std::uint64_t largest_size = 65536;

struct engine_settings {
    std::string weights = "built-in";
    cli::input input = input::as_recognised;
    cli::device device = device::automatic;
    int threads = 0;
};

void add_engine_options(CLI::App& app, engine_settings& engine);
void add_preprocessing_option(option_group& group, engine_settings& engine);

/// How the network sees: pooling, border, convolution.
void add_network_options(CLI::App& app, ops::pool_options& pooling, ops::border& border,
                         ops::conv_algorithm& algorithm);

/// What J is made of.
void add_loss_options(CLI::App& app, stylize_options& run);

/// The engine that was asked for. Throws option_error for one that this build lacks.
[[nodiscard]] cpu_options choose_engine(const engine_settings& engine);

/// What --weights names, with its --preprocessing. Says on the error stream what is not certain.
[[nodiscard]] nn::network load_network(const engine_settings& engine);

/// The picture with a longest side of `size` pixels; 0: as it is.
[[nodiscard]] image::picture load_at(const std::filesystem::path& file, std::int64_t size);

}  // namespace impasto::cli
