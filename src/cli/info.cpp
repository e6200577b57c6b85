#include "cli/command.hpp"

#include <algorithm>
#include <iomanip>
#include <iostream>

#include <impasto/nn/features.hpp>

#include "cli/json.hpp"
#include "cli/option_group.hpp"
#include "cli/options.hpp"

namespace impasto::cli {

namespace {

struct settings {
    engine_settings engine;
    std::int64_t size = 512;
    bool json = false;
};

struct row {
    std::string name;
    bool pool = false;
    shape filter{0, 0, 0, 0};  ///< [out,in,3,3] of a convolution
    shape map{};               ///< its output for a square picture
    std::int64_t parameters = 0, macs = 0;
};

/// Memory and arithmetic of an iteration with the usual style and content layers.
struct cost {
    std::vector<std::string> taps;
    std::size_t peak_bytes = 0;
    std::int64_t forward_macs = 0;
};

std::vector<row> rows_of(const nn::network& network, std::int64_t size) {
    std::vector<row> rows;
    shape map{1, 3, size, size};
    std::size_t convolution = 0;
    for (const auto& layer : network.layers) {
        row r{.name = nn::name_of(layer), .pool = layer.is_pool()};
        if (r.pool) {
            map = ops::pooled(map);
        } else {
            const auto& filter = network.filters[convolution++];
            map.c = layer.out_channels;
            r.filter = filter.weights.shape();
            r.parameters = filter.weights.size() + filter.bias.size();
            r.macs = filter.weights.size() * map.pixels();
        }
        r.map = map;
        rows.push_back(r);
    }
    return rows;
}

cost cost_of(context<cpu>& here, const nn::network& network, std::int64_t size) {
    cost cost;
    for (const auto& layer : network.layers)
        for (const char* usual : {"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1"})
            if (nn::tap_name_of(layer) == usual)
                cost.taps.emplace_back(usual);
    if (cost.taps.empty())
        cost.taps.push_back(nn::tap_name_of(network.layers.back()));
    const nn::features<float, cpu> features(here, network, {1, 3, size, size}, {.taps = cost.taps});
    cost.peak_bytes = features.peak_bytes();
    cost.forward_macs = features.forward_macs();
    return cost;
}

std::int64_t parameters_of(const std::vector<row>& rows) {
    std::int64_t sum = 0;
    for (const auto& row : rows)
        sum += row.parameters;
    return sum;
}

void print_json(const nn::network& network, const std::vector<row>& rows, const cost& cost,
                std::int64_t size) {
    using json = nlohmann::ordered_json;
    json out{{"name", network.name}, {"origin", network.origin}};
    if (!network.note.empty())
        out["note"] = network.note;
    out["preprocessing"] = {
        {"scale", network.input.scale},
        {"mean", network.input.mean},
        {"deviation", network.input.deviation},
        {"order", network.input.order == nn::channel_order::rgb ? "rgb" : "bgr"}};
    out["parameters"] = parameters_of(rows);
    out["size"] = size;
    for (const auto& row : rows) {
        json layer{{"name", row.name}, {"kind", row.pool ? "pool" : "convolution"}};
        if (!row.pool)
            layer["filter"] = {row.filter.n, row.filter.c, row.filter.h, row.filter.w};
        layer["parameters"] = row.parameters;
        layer["macs"] = row.macs;
        layer["map"] = {row.map.c, row.map.h, row.map.w};
        out["layers"].push_back(std::move(layer));
    }
    out["iteration"] = {
        {"taps", cost.taps}, {"peak_bytes", cost.peak_bytes}, {"flops", 4 * cost.forward_macs}};
    std::cout << dump(out) << "\n";
}

void print_input(const nn::preprocessing& input) {
    const auto triple = [](const std::array<float, 3>& v) {
        return compact(v[0]) + " " + compact(v[1]) + " " + compact(v[2]);
    };
    std::cout << "input: " << (input.order == nn::channel_order::rgb ? "RGB" : "BGR") << " in [0,"
              << compact(input.scale) << "], mean " << triple(input.mean) << ", standard deviation "
              << triple(input.deviation) << "\n";
}

void print_row(const row& row) {
    const auto text = [](const auto&... extents) {
        std::string joined;
        ((joined += (joined.empty() ? "" : "x") + std::to_string(extents)), ...);
        return joined;
    };
    const auto& f = row.filter;
    std::cout << std::left << std::setw(9) << row.name << std::setw(15)
              << (row.pool ? "2x2" : text(f.n, f.c, f.h, f.w)) << std::right << std::setw(11)
              << row.parameters << std::setw(9) << compact(static_cast<double>(row.macs) / 1e9, 3)
              << "  " << text(row.map.c, row.map.h, row.map.w) << "\n";
}

void print_text(const nn::network& network, const std::vector<row>& rows, const cost& cost,
                std::int64_t size) {
    std::cout << network.name << ", origin " << network.origin << ", " << parameters_of(rows)
              << " parameters\n";
    print_input(network.input);
    std::cout << "\nlayer    filter          parameters     GMAC  output for "
              << size_text(size, size) << "\n";
    for (const auto& row : rows)
        print_row(row);
    std::cout << "\nan iteration with " << CLI::detail::join(cost.taps, ", ") << ": "
              << compact(4 * static_cast<double>(cost.forward_macs) / 1e9, 4)
              << " GFLOP forward and backward, " << bytes_text(static_cast<double>(cost.peak_bytes))
              << "\n";
}

int run(const settings& wanted) {
    context<cpu> here({.threads = wanted.engine.threads});
    const auto network = load_network(wanted.engine);
    const auto cost = cost_of(here, network, wanted.size);
    const auto rows = rows_of(network, wanted.size);
    (wanted.json ? print_json : print_text)(network, rows, cost, wanted.size);
    return success;
}

}  // namespace

command add_info(CLI::App& tool) {
    auto* app = tool.add_subcommand(
        "info", "Print the layers, the preprocessing and the costs of a network");
    const auto wanted = std::make_shared<settings>();
    app->add_option("WEIGHTS", wanted->engine.weights,
                    "built-in, vgg19, vgg16, or a weight file of a VGG")
        ->required();
    option_group group(*app, "Info");
    group.natural("--size", "side of a square picture, in pixels, for sizes and costs",
                  wanted->size, {1, largest_size});
    add_preprocessing_option(group, wanted->engine);
    group.flag("--json", "print one JSON object", wanted->json);
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
