#include "cli/options.hpp"

#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/weights/weights.hpp>

#include "cli/option_group.hpp"

namespace impasto::cli {

void add_engine_options(CLI::App& app, engine_settings& engine) {
    option_group group(app, "Engine");
    group.text("--weights", "built-in|FILE", "network: the one inside, or a VGG in .safetensors",
               engine.weights);
    group.choice("--device", "where to compute", engine.device, device_names);
    group.natural("--threads", "0: as many as the machine offers", engine.threads, {0, 1024});
}

void add_network_options(CLI::App& app, ops::pool_options& pooling, ops::border& border,
                         ops::conv_algorithm& algorithm) {
    option_group group(app, "Network");
    group.choice("--pooling", "how maps shrink", pooling.kind, pooling_names);
    group.add(
        "--pooling-scale", "X", "multiplies what is pooled; usual: 2 for average, 0.78 for l2",
        compact(pooling.scale), [&pooling](const std::string& text) {
            pooling.scale = static_cast<float>(parse_number("--pooling-scale", text, {0, 100}));
        });
    group.choice("--border", "what the network sees around the picture", border, border_names);
    group.choice("--convolution", "direct: slower, nearer to exact arithmetic", algorithm,
                 convolution_names);
}

void add_loss_options(CLI::App& app, stylize_options& run) {
    option_group group(app, "Loss");
    group.choice("--loss", "convention; docs/conventions.md has the formulas", run.loss,
                 loss_names);
    group.number("--content-weight", "of the photo", run.content_weight, {0});
    group.number("--style-weight", "of the painting", run.style_weight, {0});
    group.number("--tv-weight", "of smoothness: total variation", run.tv_weight, {0});
    group.layers("--content-layers", "where the photo is compared", run.content_layers);
    group.layers("--style-layers", "where the painting is compared", run.style_layers);
}

cpu_options choose_engine(const engine_settings& engine) {
    if (engine.device == device::cuda)
        throw option_error("--device: this build has no CUDA engine; use cpu or auto");
    return {.threads = engine.threads};
}

nn::network load_network(const std::string& weights) {
    return weights == "built-in" ? weights::built_in() : weights::load(weights);
}

image::picture load_at(const std::string& file, std::int64_t size) {
    auto picture = image::load(file);
    if (size == 0)
        return picture;
    const auto [height, width] =
        image::fit(picture.shape().h, picture.shape().w, size, /*enlarge=*/true);
    return image::resize(picture, height, width);
}

}  // namespace impasto::cli
