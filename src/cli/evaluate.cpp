#include "cli/command.hpp"

#include <array>
#include <iostream>

#include <impasto/core/file.hpp>
#include <impasto/core/npy.hpp>
#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/painter/stylize.hpp>

#include "cli/engine.hpp"
#include "cli/json.hpp"
#include "cli/option_group.hpp"
#include "cli/options.hpp"

namespace impasto::cli {

namespace {

struct settings {
    std::string content, style, picture, gradient;
    std::int64_t size = 0;
    engine_settings engine;
    stylize_options run{.border = ops::border::zero};  ///< as the networks were trained
    bool json = false;
};

image::picture load_like(const settings& wanted, const shape& content) {
    auto picture = image::load(wanted.picture);
    if (picture.shape() == content)
        return picture;
    if (wanted.size != 0)
        return image::resize(picture, content.h, content.w);
    throw shape_error(wanted.picture + ": has " + size_text(picture.shape().h, picture.shape().w) +
                      " pixels and " + wanted.content + " " + size_text(content.h, content.w) +
                      "; they are to have the same size, or give --size");
}

void print_terms(const char* kind, const std::vector<style::layer_term>& terms) {
    for (const auto& term : terms)
        std::cout << kind << " " << term.name << "  " << compact(term.value) << "\n";
}

void print(const style::loss_terms& losses) {
    std::cout << "total  " << compact(losses.total) << "\n";
    print_terms("content", losses.content);
    print_terms("style", losses.style);
    std::cout << "tv  " << compact(losses.tv) << "\n";
}

int run(const settings& wanted) {
    if (!wanted.gradient.empty())
        expect_writable(wanted.gradient);
    auto network = load_network(wanted.engine);
    const auto content = load_at(wanted.content, wanted.size),
               style = load_at(wanted.style, wanted.size);
    const auto picture = load_like(wanted, content.shape());
    const image::picture_view styles[] = {style.view()};
    if (wanted.engine.normalize_activations)
        normalize_activations(network, wanted.engine, std::array{content.view(), style.view()});

    const auto result = on_engine(wanted.engine, [&](auto& here) {
        return evaluate(here, network, content, styles, picture, wanted.run);
    });
    if (!wanted.gradient.empty())
        npy::write(wanted.gradient, {.extents = {3, content.shape().h, content.shape().w},
                                     .values = {result.gradient.begin(), result.gradient.end()}});
    if (wanted.json)
        std::cout << dump(losses_json(result.losses)) << "\n";
    else
        print(result.losses);
    return success;
}

}  // namespace

command add_evaluate(CLI::App& tool) {
    auto* app = tool.add_subcommand("evaluate", "Print each term of the loss J of a picture");
    const auto wanted = std::make_shared<settings>();
    app->add_option("CONTENT", wanted->content, "the photo")->type_name("FILE")->required();
    app->add_option("STYLE", wanted->style, "the painting")->type_name("FILE")->required();
    app->add_option("IMAGE", wanted->picture, "the picture that is judged")
        ->type_name("FILE")
        ->required();
    option_group group(*app, "Evaluation");
    group.natural("--size", "longest side in pixels; 0: the pictures' own", wanted->size,
                  {0, largest_size});
    group.flag("--json", "one JSON object", wanted->json);
    group.text("--gradient", "FILE.npy", "write dJ/dpixels, float32 [3,H,W]", wanted->gradient);
    add_loss_options(*app, wanted->run);
    add_network_options(*app, wanted->run.pooling, wanted->run.border, wanted->run.algorithm);
    add_engine_options(*app, wanted->engine);
    add_precision_option(*app, wanted->run.precision);
    add_conv_engine_option(*app, wanted->run.conv_engine);
    add_normalize_option(*app, wanted->engine);
    app->footer(
        "The terms are printed before their weights, the total after. Unlike stylize, the "
        "border is\nzero by default: the networks' own.");
    return {app, [wanted] { return run(*wanted); }};
}

}  // namespace impasto::cli
