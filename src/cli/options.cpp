#include "cli/options.hpp"

#include <filesystem>
#include <iostream>
#include <optional>

#include <impasto/image/io.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/weights/activations.hpp>
#include <impasto/weights/fetch.hpp>
#include <impasto/weights/weights.hpp>

#include "cli/option_group.hpp"

namespace impasto::cli {

namespace {

std::optional<nn::preprocessing> preprocessing_of(input choice) {
    switch (choice) {
        case input::as_recognised:
            break;
        case input::torchvision:
            return nn::torchvision_preprocessing;
        case input::caffe:
            return nn::caffe_preprocessing;
        case input::caffe_rgb:
            return nn::caffe_rgb_preprocessing;
        case input::tensorflow:
            return nn::tensorflow_preprocessing;
    }
    return std::nullopt;
}

device_choice parse_device(const std::string& text) {
    if (text == "auto")
        return {};
    if (text == "cpu")
        return {.kind = device_choice::cpu};
    if (text == "cuda")
        return {.kind = device_choice::cuda};
    if (text.starts_with("cuda:"))
        return {.kind = device_choice::cuda,
                .number = static_cast<int>(parse_natural("--device", text.substr(5), {0, 1023}))};
    throw option_error("--device: '" + text + "' is not auto, cpu, cuda or cuda:N");
}

}  // namespace

void add_engine_options(CLI::App& app, engine_settings& engine) {
    option_group group(app, "Engine");
    group.text("--weights", "NAME|FILE",
               "built-in, a fetched network (vgg19 or vgg16), or a weight file of a VGG",
               engine.weights);
    add_preprocessing_option(group, engine);
    add_device_option(group, engine);
    group.natural("--threads", "number of threads; 0: as many as the machine has", engine.threads,
                  {0, 1024});
}

void add_normalize_option(CLI::App& app, engine_settings& engine) {
    option_group(app, "Engine")
        .flag("--normalize-activations",
              "rescale the filters so that each channel's mean over photo and paintings is 1",
              engine.normalize_activations);
    option_group(app, "Engine")
        .flag("--normalize-layers", "the same with one factor for each layer",
              engine.normalize_layers);
}

std::string margin_text(std::int64_t margin) {
    return margin == automatic_margin ? "auto" : std::to_string(margin);
}

void add_margin_option(CLI::App& app, std::int64_t& margin) {
    option_group(app, "Network")
        .add("--margin", "auto|N",
             "pixels painted beyond each edge and cut off at the end, to avoid a frame",
             margin_text(margin), [&margin](const std::string& text) {
                 margin =
                     text == "auto"
                         ? automatic_margin
                         : static_cast<std::int64_t>(parse_natural("--margin", text, {0, 1024}));
             });
}

void add_loss_options(CLI::App& app, stylize_options& run) {
    option_group group(app, "Loss");
    group.choice("--loss", "loss normalisation; docs/conventions.md has the formulas", run.loss,
                 loss_names);
    group.number("--content-weight", "weight of the content loss (photo)", run.content_weight, {0});
    group.number("--style-weight", "weight of the style loss (paintings)", run.style_weight, {0});
    group.number("--tv-weight", "total-variation weight", run.tv_weight, {0});
    group.layers("--content-layers", "layers of the content loss, with their weights",
                 run.content_layers);
    group.layers("--style-layers", "layers of the style loss, with their weights",
                 run.style_layers);
}

void add_device_option(option_group& group, engine_settings& engine) {
    group.add("--device", "auto|cpu|cuda[:N]", "device to compute on; auto: a GPU if there is one",
              "auto", [&engine](const std::string& text) { engine.device = parse_device(text); });
}

void add_preprocessing_option(option_group& group, engine_settings& engine) {
    group.choice("--preprocessing", "pixel values that the network expects; auto: as recognised",
                 engine.input, input_names);
}

std::string resolve_weights(const std::string& weights) {
    const auto* published = weights::find_published(weights);
    if (published == nullptr)
        return weights;
    if (const auto file = weights::find_cached(*published))
        return file->string();
    const std::string oxford =
        published->oxford.empty()
            ? ""
            : "'./dev " + weights + "' in impasto's source folder gets Oxford's (20 MB), ";
    throw option_error(weights + ": not found in the cache; " + oxford + "'impasto weights fetch " +
                       weights +
                       "' downloads torchvision's (about 550 MB); or give the name of a file");
}

nn::network load_network(const engine_settings& engine) {
    const auto input = preprocessing_of(engine.input);
    const std::string file = resolve_weights(engine.weights);
    if (file == "built-in") {
        auto network = weights::built_in();
        network.input = input.value_or(network.input);
        return network;
    }
    auto network = weights::load(file, {.preprocessing = input});
    if (!network.note.empty())
        std::cerr << "impasto: " << network.note << "\n";
    return network;
}

void normalize_activations(nn::network& network, const engine_settings& engine,
                           std::span<const image::picture_view> pictures) {
    constexpr std::int64_t side = 512;
    std::vector<image::picture> resized;
    std::vector<image::picture_view> views;
    for (const auto picture : pictures) {
        const auto [height, width] =
            image::fit(picture.shape().h, picture.shape().w, side, /*enlarge=*/true);
        resized.push_back(image::resize(picture, height, width));
    }
    for (const auto& picture : resized)
        views.push_back(picture.view());
    context<cpu> here({.threads = engine.threads});
    using weights::normalized_unit;
    weights::normalize_activations(
        here, network, views,
        engine.normalize_layers ? normalized_unit::layer : normalized_unit::channel);
}

image::picture load_at(const std::filesystem::path& file, std::int64_t size) {
    auto picture = image::load(file);
    if (size == 0)
        return picture;
    const auto [height, width] =
        image::fit(picture.shape().h, picture.shape().w, size, /*enlarge=*/true);
    return image::resize(picture, height, width);
}

void expect_not_an_input(const std::string& output, const std::vector<std::string>& inputs) {
    for (const auto& file : inputs) {
        std::error_code missing;
        if (std::filesystem::equivalent(file, output, missing))
            throw option_error(output +
                               ": is an input of this run and would be overwritten; choose "
                               "another name for the output");
    }
}

void expect_two_files(const std::string& one, const std::string& other, const char* both) {
    const auto where = [](const std::string& file) {
        return std::filesystem::weakly_canonical(std::filesystem::absolute(file));
    };
    if (where(one) == where(other))
        throw option_error(other + ": cannot be both " + both + "; choose two names");
}

}  // namespace impasto::cli
