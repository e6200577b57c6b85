#include "cli/command.hpp"

#include <iostream>

#include <impasto/image/io.hpp>
#include <impasto/insight/side_by_side.hpp>
#include <impasto/insight/texture.hpp>
#include <impasto/style/objective_options.hpp>

#include "cli/engine.hpp"
#include "cli/option_group.hpp"
#include "cli/options.hpp"
#include "cli/recipe.hpp"
#include "cli/run_counter.hpp"
#include "cli/view_options.hpp"

namespace impasto::cli {

namespace {

struct settings {
    std::string style, output = "texture.png";
    image::extent size{512, 512};
    std::int64_t style_size = 512;
    stylize_options run = insight::texture_preset();
    engine_settings engine;
    bool progression = false, quiet = false;
};

image::extent parse_size(const std::string& text) {
    const auto cross = text.find('x');
    if (cross == std::string::npos)
        throw option_error("--size: '" + text + "' is not WIDTHxHEIGHT, such as 640x400");
    return {static_cast<std::int64_t>(
                parse_natural("--size", text.substr(cross + 1), {1, largest_size})),
            static_cast<std::int64_t>(
                parse_natural("--size", text.substr(0, cross), {1, largest_size}))};
}

/// Resized to --style-size if it is larger, never enlarged.
image::picture load_painting(const settings& wanted) {
    auto painting = image::load(wanted.style);
    if (wanted.style_size == 0)
        return painting;
    const auto& s = painting.shape();
    const auto [height, width] = image::fit(s.h, s.w, wanted.style_size);
    return image::resize(painting, height, width);
}

template <class Device>
image::picture progression(context<Device>& here, const nn::network& network,
                           image::picture_view painting, const settings& wanted,
                           const observer& observe) {
    const auto steps =
        insight::texture_progression(here, network, painting, wanted.size, wanted.run, observe);
    std::vector<insight::captioned> all;
    for (const auto& step : steps)
        all.push_back({step.picture, {(all.empty() ? "" : "up to ") + step.up_to}});
    return insight::side_by_side(all);
}

command_recipe recipe_of(const settings& wanted, const engine_facts& engine) {
    return {
        .command = "texture",
        .given = {{"style", wanted.style},
                  {"size", size_text(wanted.size.height, wanted.size.width)},
                  {"progression", wanted.progression},
                  {"style-size", wanted.style_size}},
        .weights = wanted.engine.weights,
        .preprocessing = name_of(std::span<const named<input>>(input_names), wanted.engine.input),
        .device = engine.device,
        .threads = engine.threads,
        .run = wanted.run,
        .options = {"style-scale", "style-layers", "tv-weight", "iterations", "seed", "margin"}};
}

int run(settings wanted) {
    image::check_writable(wanted.output);
    expect_not_an_input(wanted.output, {wanted.style, wanted.engine.weights});
    const auto network = load_network(wanted.engine);
    wanted.run.style_layers = style::layers_for(network, wanted.run.style_layers);
    const auto painting = load_painting(wanted);
    run_counter counter(wanted.quiet);
    const role_names names{
        {"content", "--size " + size_text(wanted.size.height, wanted.size.width)},
        {"style", wanted.style}};
    const auto picture = on_engine(wanted.engine, [&](auto& here) {
        auto found = naming(names, [&] {
            return wanted.progression
                       ? progression(here, network, painting, wanted, counter.watch())
                       : insight::texture(here, network, painting, wanted.size, wanted.run,
                                          counter.watch());
        });
        image::save(wanted.output, found, {.text = text_of(recipe_of(wanted, facts_of(here)))});
        return found;
    });
    if (!wanted.quiet)
        std::cout << wanted.output << ": " << size_text(picture.shape().h, picture.shape().w)
                  << ", seed " << wanted.run.seed << "\n";
    return interrupt::exit_code();
}

void add_own_options(CLI::App& app, settings& wanted) {
    option_group group(app, "Texture");
    group.text("-o,--output", "OUT",
               "output picture, .png or .jpg; a .png stores the options of the run", wanted.output);
    group.add("--size", "WxH", "size of the texture in pixels",
              size_text(wanted.size.height, wanted.size.width),
              [&wanted](const std::string& text) { wanted.size = parse_size(text); });
    app.add_flag_callback(
           "--seamless", [&wanted] { wanted.run.view.border = ops::border::wrap; },
           "make a tileable texture, whose edges fit together; the same as --border wrap")
        ->group("Texture");
    group.flag(
        "--progression",
        "paint one texture each with the first style layer, the first two, ..., side by side",
        wanted.progression);
    group.natural("--style-size",
                  "longest side to which a larger painting is reduced, in pixels; 0: its own",
                  wanted.style_size, {0, largest_size});
    group.number("--style-scale", "scales the painting, and with it its strokes",
                 wanted.run.style_scale, {0.01, 100});
    group.layers("--style-layers", "layers of the style loss, with their weights",
                 wanted.run.style_layers);
    group.number("--tv-weight", "total-variation weight", wanted.run.tv_weight, {0});
    group.natural("--iterations", "number of iterations at the finest scale", wanted.run.iterations,
                  {1, 1'000'000});
    group.natural("--seed", "seed of the noise", wanted.run.seed);
    group.flag("--quiet", "print only errors", wanted.quiet);
}

}  // namespace

command add_texture(CLI::App& tool) {
    auto* app = tool.add_subcommand("texture", "Paint a texture in the style of a painting");
    const auto wanted = std::make_shared<settings>();
    app->add_option("STYLE", wanted->style, "painting: JPEG, PNG or BMP")
        ->type_name("FILE")
        ->required();
    add_own_options(*app, *wanted);
    add_margin_option(*app, wanted->run.margin);
    add_engine_options(*app, wanted->engine);
    add_view_options(*app, wanted->run.view, passes::forward_and_backward);
    app->footer(
        "Examples:\n"
        "  impasto texture painting.jpg --size 800x300\n"
        "  impasto texture painting.jpg --size 256x256 --progression -o layers.png");
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
