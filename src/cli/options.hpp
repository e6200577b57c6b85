#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <impasto/core/context.hpp>
#include <impasto/core/error.hpp>
#include <impasto/image/picture_error.hpp>
#include <impasto/nn/network.hpp>
#include <impasto/painter/options.hpp>

#include "cli/names.hpp"
#include "cli/option_group.hpp"

/// Options that several commands share.
namespace impasto::cli {

/// Longest side that --size takes. Above it memory would run out long before patience.
inline constexpr std::uint64_t largest_size = 65536;

/// Where to compute: auto is a GPU where there is one that will do.
struct device_choice {
    enum { automatic, cpu, cuda } kind = automatic;
    int number = 0;  ///< of the GPU
};

struct engine_settings {
    std::string weights = "built-in";
    cli::input input = input::as_recognised;
    device_choice device;
    int threads = 0;
    bool normalize_activations = false, normalize_layers = false;

    [[nodiscard]] bool normalizes() const { return normalize_activations || normalize_layers; }
};

void add_engine_options(CLI::App& app, engine_settings& engine);
void add_preprocessing_option(option_group& group, engine_settings& engine);
void add_device_option(option_group& group, engine_settings& engine);
void add_normalize_option(CLI::App& app, engine_settings& engine);

void add_margin_option(CLI::App& app, std::int64_t& margin);

/// "auto", or pixels.
[[nodiscard]] std::string margin_text(std::int64_t margin);

/// What J is made of.
void add_loss_options(CLI::App& app, stylize_options& run);

/// "built-in" or a file: published networks are looked for in the cache. Throws option_error, with
/// the command that fetches it, for one that is not there.
[[nodiscard]] std::string resolve_weights(const std::string& weights);

/// What --weights names, with its --preprocessing. Says on the error stream what is not certain.
[[nodiscard]] nn::network load_network(const engine_settings& engine);

/// Rescales the filters so that each channel's, or each layer's, mean over these pictures is 1.
/// They are looked at in a size at which a deep network's maps fit anywhere, whatever their own,
/// and on the CPU: the filters are to be the same wherever they are used.
void normalize_activations(nn::network& network, const engine_settings& engine,
                           std::span<const image::picture_view> pictures);

/// The picture with a longest side of `size` pixels; 0: as it is.
[[nodiscard]] image::picture load_at(const std::filesystem::path& file, std::int64_t size);

/// Throws option_error where `output` is the file of one of the inputs.
void expect_not_an_input(const std::string& output, const std::vector<std::string>& inputs);

/// What f returns; a shape_error of it, that a picture is too small, with the picture's file.
template <class F>
auto naming(const std::string& file, F&& f) {
    try {
        return f();
    } catch (const shape_error& e) {
        throw shape_error(file + ": " + e.what());
    }
}

/// Throws option_error where two outputs are one file. both: "the picture and its report"
void expect_two_files(const std::string& one, const std::string& other, const char* both);

/// What stands where in a run: {"content", "photo.jpg"}, {"style 2", "monet.jpg"}.
using role_names = std::vector<std::pair<std::string, std::string>>;

/// What f returns; a picture_error of it, with the name that its role has in `names`.
template <class F>
auto naming(const role_names& names, F&& f) {
    try {
        return f();
    } catch (const image::picture_error& e) {
        for (const auto& [role, name] : names)
            if (role == e.role)
                throw shape_error(name + ": " + e.reason);
        throw;
    }
}

}  // namespace impasto::cli
