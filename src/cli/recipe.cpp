#include "cli/recipe.hpp"

#include <impasto/core/version.hpp>

#include "cli/json.hpp"
#include "cli/names.hpp"
#include "cli/options.hpp"
#include "cli/units.hpp"
#include "cli/view_options.hpp"

namespace impasto::cli {

namespace {

using json = nlohmann::ordered_json;

json to_json(const std::vector<style::weighted_layer>& layers) {
    auto object = json::object();
    for (const auto& layer : layers)
        object[layer.name] = layer.weight;
    return object;
}

template <class T, std::size_t N>
const char* name(const named<T> (&choices)[N], T value) {
    return name_of(std::span<const named<T>>(choices), value);
}

json to_json(const stylize_options& run) {
    return {{"size", run.size},
            {"scales", run.scales},
            {"scale-growth", run.scale_growth},
            {"iterations", run.iterations},
            {"optimizer", name(optimizer_names, run.optimizer)},
            {"learning-rate", run.learning_rate},
            {"momentum", run.momentum},
            {"history", run.history},
            {"average", run.average},
            {"init-noise", run.start_noise},
            {"seed", run.seed},
            {"loss", name(loss_names, run.loss)},
            {"content-weight", run.content_weight},
            {"style-weight", run.style_weight},
            {"tv-weight", run.tv_weight},
            {"content-layers", to_json(run.content_layers)},
            {"style-layers", to_json(run.style_layers)},
            {"style-blend", run.style_blend},
            {"style-scale", run.style_scale},
            {"margin", margin_text(run.margin)},
            {"original-colors", run.original_colors}};
}

json to_json(const recipe& recipe) {
    json options{{"version", version},
                 {"content", recipe.content},
                 {"styles", recipe.styles},
                 {"weights", recipe.weights},
                 {"preprocessing", recipe.preprocessing},
                 {"normalize-activations", recipe.normalize_activations},
                 {"normalize-layers", recipe.normalize_layers},
                 {"init", recipe.init},
                 {"device", recipe.device},
                 {"threads", recipe.threads}};
    options.update(to_json(recipe.run));
    options.update(view_json(recipe.run.view));
    return options;
}

std::vector<image::text_entry> notes_of(const json& options) {
    return {{"Software", std::string("impasto ") + version}, {"impasto:options", dump(options)}};
}

std::string plain(const json& value) {
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_boolean())
        return value.get<bool>() ? "yes" : "no";
    if (value.is_number_float())
        return compact(value.get<double>());
    if (!value.is_structured())
        return dump(value);
    std::string list;
    for (const auto& [key, element] : value.items())
        list += (list.empty() ? "" : ", ") + (value.is_object() ? key + "=" : "") + plain(element);
    return list;
}

}  // namespace

std::vector<image::text_entry> text_of(const recipe& recipe) {
    return notes_of(to_json(recipe));
}

std::vector<image::text_entry> text_of(const command_recipe& recipe) {
    json options{{"version", version}, {"command", recipe.command}};
    options.update(recipe.given);
    options.update({{"weights", recipe.weights},
                    {"preprocessing", recipe.preprocessing},
                    {"device", recipe.device},
                    {"threads", recipe.threads}});
    const auto run = to_json(recipe.run);
    for (const auto& name : recipe.options)
        options[name] = run.at(name);
    options.update(view_json(recipe.run.view));
    return notes_of(options);
}

std::vector<insight::fact> facts_of(const recipe& recipe) {
    const auto options = to_json(recipe);
    std::vector<insight::fact> facts;
    for (const auto& [name, value] : options.items())
        if (!value.empty())
            facts.push_back({name, plain(value)});
    return facts;
}

}  // namespace impasto::cli
