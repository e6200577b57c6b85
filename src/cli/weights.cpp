#include "cli/command.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iomanip>
#include <iostream>

#include <unistd.h>

#include <impasto/core/file.hpp>
#include <impasto/core/mapped_file.hpp>
#include <impasto/image/io.hpp>
#include <impasto/weights/activations.hpp>
#include <impasto/weights/fetch.hpp>
#include <impasto/weights/save.hpp>

#include "cli/engine.hpp"
#include "cli/json.hpp"
#include "cli/option_group.hpp"
#include "cli/options.hpp"
#include "core/sha256.hpp"

namespace impasto::cli {

namespace fs = std::filesystem;

namespace {

// ---- convert ------------------------------------------------------------------------------------

struct convert_settings {
    engine_settings engine;
    std::string output;
    std::vector<std::string> pictures;
    bool half = false, palette = false, quiet = false;
};

void normalize(nn::network& network, const convert_settings& wanted) {
    std::vector<image::picture> pictures;
    std::vector<image::picture_view> views;
    for (const auto& file : wanted.pictures)
        pictures.push_back(image::load(file));
    for (const auto& picture : pictures)
        views.push_back(picture.view());
    normalize_activations(network, wanted.engine, views);
}

/// Returns a text about the error of palettes; empty without them.
std::string write(const nn::network& network, const convert_settings& wanted) {
    using weights::safetensors::precision;
    if (!wanted.palette) {
        weights::save(wanted.output, network,
                      wanted.half ? precision::float16 : precision::float32);
        return "";
    }
    const auto losses = weights::save_palettes(wanted.output, network);
    const auto worst = std::ranges::max_element(losses, {}, &weights::palette_loss::error);
    if (worst->error == 0)
        return "; the palettes store every value of the filters exactly";
    return "; relative error of the filters: at most " + compact(100 * worst->error, 2) +
           " %, in " + worst->layer;
}

int convert(const convert_settings& wanted) {
    if (wanted.half && wanted.palette)
        throw option_error("--half and --palette exclude each other; give one of them");
    if (fs::path(wanted.output).extension() != ".safetensors")
        throw option_error(
            wanted.output +
            ": the output format is safetensors; give a name that ends in .safetensors");
    std::error_code missing;
    if (fs::equivalent(wanted.engine.weights, wanted.output, missing))
        throw option_error(wanted.output +
                           ": is also the input; choose another name for the output");
    expect_writable(wanted.output);
    auto network = load_network(wanted.engine);
    if (!wanted.pictures.empty())
        normalize(network, wanted);
    const std::string loss = write(network, wanted);
    if (!wanted.quiet)
        std::cout << wanted.output << ": " << network.name << " up to "
                  << nn::name_of(network.layers.back()) << ", "
                  << bytes_text(static_cast<double>(fs::file_size(wanted.output))) << loss << "\n";
    return success;
}

command add_convert(CLI::App& weights) {
    auto* app = weights.add_subcommand("convert", "Write a network in impasto's own format");
    const auto wanted = std::make_shared<convert_settings>();
    app->add_option("IN", wanted->engine.weights,
                    "built-in, vgg19, vgg16, or a weight file of a VGG")
        ->required();
    app->add_option("OUT", wanted->output, "output file, .safetensors")->required();
    option_group group(*app, "Convert");
    group.flag("--half", "store filters as float16: half the size, 11 bits of precision",
               wanted->half);
    group.flag("--palette", "store 8-bit indices into 256 values per layer: a quarter of the size",
               wanted->palette);
    group.add("--normalize-activations", "FILE,...",
              "rescale the filters so that each channel's mean over these pictures is 1", "",
              [wanted](const std::string& text) {
                  wanted->pictures = parse_names("--normalize-activations", text);
              });
    add_preprocessing_option(group, wanted->engine);
    group.flag("--quiet", "print only errors", wanted->quiet);
    return {app, [wanted] { return convert(*wanted); }};
}

// ---- verify -------------------------------------------------------------------------------------

struct verify_settings {
    engine_settings engine;
    bool json = false;
};

/// "torchvision's vgg19-dcbb9e9d.pth" if the file has its SHA-256, else empty.
std::string published_name(const std::string& weights) {
    const std::string file = resolve_weights(weights);
    if (file == "built-in")
        return "";
    const mapped_file bytes(file, std::size_t{2} << 30);
    sha256 hash;
    hash.add(bytes.bytes());
    const std::string digits = hash.finish();
    for (const weights::published& known : weights::published_networks)
        if (digits.starts_with(known.sha256))
            return "torchvision's " + std::string(known.file);
    return "";
}

void print_json(const nn::network& network, const weights::verification& found,
                const std::string& known_file) {
    nlohmann::ordered_json out{
        {"name", network.name}, {"origin", network.origin}, {"fingerprint", found.fingerprint}};
    if (!found.known_as.empty() || !known_file.empty())
        out["known_as"] = found.known_as.empty() ? known_file : found.known_as;
    for (const auto& layer : found.layers)
        out["layers"].push_back({{"name", layer.name},
                                 {"mean", layer.mean},
                                 {"deviation", layer.deviation},
                                 {"largest", layer.largest},
                                 {"channels", layer.channels},
                                 {"dead", layer.dead}});
    out["faults"] = found.faults;
    std::cout << dump(out) << "\n";
}

void print_text(const nn::network& network, const weights::verification& found,
                const std::string& known_file) {
    std::cout << network.name << ", origin " << network.origin << ", fingerprint "
              << found.fingerprint
              << "\n\nlayer          mean  std. dev.    largest  dead channels\n";
    for (const auto& layer : found.layers)
        std::cout << std::left << std::setw(9) << layer.name << std::right << std::setw(10)
                  << compact(layer.mean, 4) << std::setw(11) << compact(layer.deviation, 4)
                  << std::setw(11) << compact(layer.largest, 4) << std::setw(7) << layer.dead
                  << " of " << layer.channels << "\n";
    std::cout << "\n";
    if (!known_file.empty())
        std::cout << "recognised by its SHA-256: " << known_file << "\n";
    if (!found.known_as.empty())
        std::cout << "recognised as " << found.known_as << "; its activations "
                  << (found.faults.empty() ? "match" : "do not match") << " the reference values\n";
    for (const auto& fault : found.faults)
        std::cout << "fault: " << fault << "\n";
    if (found.faults.empty() && found.known_as.empty())
        std::cout << "no signs of damage; there are no reference values for this network\n";
}

int verify(const verify_settings& wanted) {
    const auto network = load_network(wanted.engine);
    const auto found =
        on_engine(wanted.engine, [&](auto& here) { return weights::verify(here, network); });
    (wanted.json ? print_json : print_text)(network, found, published_name(wanted.engine.weights));
    return found.faults.empty() ? success : failure;
}

command add_verify(CLI::App& weights) {
    auto* app =
        weights.add_subcommand("verify", "Check the activations of a network on a test picture");
    const auto wanted = std::make_shared<verify_settings>();
    app->add_option("FILE", wanted->engine.weights,
                    "built-in, vgg19, vgg16, or a weight file of a VGG")
        ->required();
    option_group group(*app, "Verify");
    add_preprocessing_option(group, wanted->engine);
    add_device_option(group, wanted->engine);
    group.flag("--json", "print one JSON object", wanted->json);
    return {app, [wanted] { return verify(*wanted); }};
}

// ---- fetch --------------------------------------------------------------------------------------

struct fetch_settings {
    std::string network;
    weights::fetch_options options;
    std::string folder;
    bool quiet = false;
};

/// A line of progress, redrawn at most ten times a second.
class progress_line {
public:
    void operator()(const weights::fetch_progress& now) {
        const auto time = std::chrono::steady_clock::now();
        const bool finished = now.total > 0 && now.done == now.total;
        if (now.done == 0 || (time < next_ && !finished))
            return;
        next_ = time + std::chrono::milliseconds(100);
        constexpr std::uint64_t width = 30;
        const auto filled = now.total == 0 ? 0 : width * now.done / now.total;
        std::cerr << "\r[" << std::string(filled, '#') << std::string(width - filled, '.') << "] "
                  << bytes_text(static_cast<double>(now.done));
        if (now.total > 0)
            std::cerr << " of " << bytes_text(static_cast<double>(now.total));
        std::cerr << "\x1b[K" << std::flush;
        drawn_ = true;
    }
    progress_line() = default;
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;
    ~progress_line() {
        if (drawn_)
            std::cerr << "\n";
    }

private:
    std::chrono::steady_clock::time_point next_{};
    bool drawn_ = false;
};

int fetch(const fetch_settings& wanted) {
    const auto* network = weights::find_published(wanted.network);
    if (network == nullptr)
        throw option_error("'" + wanted.network + "' cannot be fetched; give vgg19 or vgg16");
    auto options = wanted.options;
    options.folder = wanted.folder;
    fs::path file;
    {
        progress_line line;
        if (!wanted.quiet && ::isatty(STDERR_FILENO) != 0)
            options.observer = [&line](const weights::fetch_progress& now) { line(now); };
        file = weights::fetch(*network, options);
    }
    if (!wanted.quiet)
        std::cout << file.string() << "\n";
    return success;
}

command add_fetch(CLI::App& weights) {
    auto* app = weights.add_subcommand("fetch", "Download torchvision's VGG (about 550 MB)");
    const auto wanted = std::make_shared<fetch_settings>();
    app->add_option("NETWORK", wanted->network, "vgg19 or vgg16")->required();
    option_group group(*app, "Fetch");
    group.text("--to", "DIR", "folder for the file; default: the cache, where --weights finds it",
               wanted->folder);
    group.text("--url", "URL", "address of a mirror", wanted->options.url);
    group.text("--sha256", "HEX", "first digits of the expected SHA-256; default: torchvision's",
               wanted->options.sha256);
    group.flag("--quiet", "print only errors", wanted->quiet);
    return {app, [wanted] { return fetch(*wanted); }};
}

}  // namespace

command add_weights(CLI::App& tool) {
    auto* app = tool.add_subcommand("weights", "Convert, verify or fetch a network");
    app->require_subcommand(1);
    const std::vector<command> commands{add_convert(*app), add_verify(*app), add_fetch(*app)};
    return {app, [commands] {
                for (const command& c : commands)
                    if (c.app->parsed())
                        return c.run();
                return static_cast<int>(wrong_use);
            }};
}

}  // namespace impasto::cli
