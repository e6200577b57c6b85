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

/// Upper limit of --size, in pixels.
inline constexpr std::uint64_t largest_size = 65536;

/// The device to compute on; automatic: a usable GPU if there is one, else the CPU.
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

/// Loss normalisation, weights and layers.
void add_loss_options(CLI::App& app, stylize_options& run);

/// Returns "built-in" or a file name; published networks are searched in the cache. Throws
/// option_error, with the command that fetches the network, if it is not there.
[[nodiscard]] std::string resolve_weights(const std::string& weights);

/// The network of --weights, with --preprocessing. Prints on stderr what is uncertain about it.
[[nodiscard]] nn::network load_network(const engine_settings& engine);

/// Rescales the filters so that the mean of each channel, or of each layer, over these pictures is
/// 1. The pictures are resized to 512 pixels, so that the feature maps of a deep network fit into
/// memory, and evaluated on the CPU, so that the filters are the same for every device.
void normalize_activations(nn::network& network, const engine_settings& engine,
                           std::span<const image::picture_view> pictures);

/// The picture, resized to a longest side of `size` pixels; 0: not resized.
[[nodiscard]] image::picture load_at(const std::filesystem::path& file, std::int64_t size);

/// Throws option_error if `output` is the file of one of the inputs.
void expect_not_an_input(const std::string& output, const std::vector<std::string>& inputs);

/// Returns f(); adds the name of the picture's file to a shape_error that it throws.
template <class F>
auto naming(const std::string& file, F&& f) {
    try {
        return f();
    } catch (const shape_error& e) {
        throw shape_error(file + ": " + e.what());
    }
}

/// Throws option_error if two outputs are the same file. both: "the picture and its report"
void expect_two_files(const std::string& one, const std::string& other, const char* both);

/// The files of a run by their role: {"content", "photo.jpg"}, {"style 2", "monet.jpg"}.
using role_names = std::vector<std::pair<std::string, std::string>>;

/// Returns f(); in a picture_error that it throws, the role is replaced by the file in `names`.
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
