#include "cli/recipe.hpp"

#include <impasto/core/version.hpp>

#include "cli/json.hpp"
#include "cli/names.hpp"

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
            {"iterations", run.iterations},
            {"optimizer", name(optimizer_names, run.optimizer)},
            {"learning-rate", run.learning_rate},
            {"momentum", run.momentum},
            {"history", run.history},
            {"average", run.average},
            {"seed", run.seed},
            {"loss", name(loss_names, run.loss)},
            {"content-weight", run.content_weight},
            {"style-weight", run.style_weight},
            {"tv-weight", run.tv_weight},
            {"content-layers", to_json(run.content_layers)},
            {"style-layers", to_json(run.style_layers)},
            {"style-blend", run.style_blend},
            {"style-scale", run.style_scale},
            {"pooling", name(pooling_names, run.pooling.kind)},
            {"pooling-scale", run.pooling.scale},
            {"border", name(border_names, run.border)},
            {"convolution", name(convolution_names, run.algorithm)},
            {"original-colors", run.original_colors}};
}

}  // namespace

std::vector<image::text_entry> text_of(const recipe& recipe) {
    json options{{"version", version},      {"content", recipe.content},
                 {"styles", recipe.styles}, {"weights", recipe.weights},
                 {"init", recipe.init},     {"threads", recipe.threads}};
    options.update(to_json(recipe.run));
    return {{"Software", std::string("impasto ") + version}, {"impasto:options", dump(options)}};
}

}  // namespace impasto::cli
