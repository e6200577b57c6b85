#include "cli/command.hpp"

#include <iostream>

#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/inversion.hpp>
#include <impasto/insight/side_by_side.hpp>

#include "cli/engine.hpp"
#include "cli/json.hpp"
#include "cli/option_group.hpp"
#include "cli/options.hpp"
#include "cli/recipe.hpp"
#include "cli/run_counter.hpp"
#include "cli/view_options.hpp"

namespace impasto::cli {

namespace {

struct settings {
    std::string picture, output = "inversions.png";
    std::vector<std::string> layers{"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
    stylize_options run = insight::inversion_preset();
    engine_settings engine;
    bool json = false, quiet = false;
};

std::string decibels(double psnr) {
    return compact(psnr, 4) + " dB";
}

image::picture sheet(image::picture_view original, const std::vector<insight::inversion>& found) {
    const auto& size = found.front().picture.shape();
    const auto first = image::resize(original, size.h, size.w);
    std::vector<insight::captioned> all{{first, {"original"}}};
    for (const auto& one : found)
        all.push_back({one.picture, {one.layer, decibels(one.psnr)}});
    return insight::side_by_side(all);
}

void print(const settings& wanted, const std::vector<insight::inversion>& found) {
    if (wanted.json) {
        nlohmann::ordered_json out{{"picture", wanted.picture}, {"file", wanted.output}};
        for (const auto& one : found)
            out["layers"].push_back(
                {{"layer", one.layer}, {"psnr", one.psnr}, {"error", one.error}});
        std::cout << dump(out) << "\n";
    } else if (!wanted.quiet) {
        for (const auto& one : found)
            std::cout << one.layer << "  " << decibels(one.psnr) << "\n";
    }
}

command_recipe recipe_of(const settings& wanted, const engine_facts& engine) {
    return {
        .command = "invert",
        .given = {{"picture", wanted.picture}, {"layers", wanted.layers}},
        .weights = wanted.engine.weights,
        .preprocessing = name_of(std::span<const named<input>>(input_names), wanted.engine.input),
        .device = engine.device,
        .threads = engine.threads,
        .run = wanted.run,
        .options = {"size", "iterations", "tv-weight", "seed", "margin"}};
}

int run(const settings& wanted) {
    image::check_writable(wanted.output);
    expect_not_an_input(wanted.output, {wanted.picture, wanted.engine.weights});
    const auto network = load_network(wanted.engine);
    const auto original = image::load(wanted.picture);
    run_counter counter(wanted.quiet || wanted.json);
    const auto found = on_engine(wanted.engine, [&](auto& here) {
        auto pictures = naming(role_names{{"content", wanted.picture}}, [&] {
            return insight::invert(here, network, original, wanted.layers, wanted.run,
                                   counter.watch());
        });
        image::save(wanted.output, sheet(original, pictures),
                    {.text = text_of(recipe_of(wanted, facts_of(here)))});
        return pictures;
    });
    print(wanted, found);
    return interrupt::exit_code();
}

}  // namespace

command add_invert(CLI::App& tool) {
    auto* app = tool.add_subcommand("invert", "Reconstruct a picture from single layers");
    const auto wanted = std::make_shared<settings>();
    app->add_option("PICTURE", wanted->picture, "JPEG, PNG or BMP")->type_name("FILE")->required();
    option_group group(*app, "Inversion");
    group.add("--layers", "NAME,...", "layers to reconstruct from, one picture each",
              CLI::detail::join(wanted->layers, ","), [wanted](const std::string& text) {
                  wanted->layers = parse_names("--layers", text);
              });
    group.text("-o,--output", "OUT",
               "all pictures side by side, .png or .jpg; a .png stores the options of the run",
               wanted->output);
    group.natural("--size", "longest side in pixels; 0: the picture's own", wanted->run.size,
                  {0, largest_size});
    group.natural("--iterations", "number of iterations for each layer", wanted->run.iterations,
                  {1, 1'000'000});
    group.number("--tv-weight", "total-variation weight", wanted->run.tv_weight, {0});
    group.natural("--seed", "seed of the noise", wanted->run.seed);
    auto* json = group.flag("--json", "print one JSON object", wanted->json);
    group.flag("--quiet", "print only errors", wanted->quiet)->excludes(json);
    add_margin_option(*app, wanted->run.margin);
    add_engine_options(*app, wanted->engine);
    add_view_options(*app, wanted->run.view, passes::forward_and_backward);
    app->footer("Example:\n  impasto invert photo.jpg --layers relu1_1,relu2_1,relu3_1,relu4_1");
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
