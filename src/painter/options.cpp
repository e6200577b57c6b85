#include <impasto/painter/options.hpp>

#include <numbers>

namespace impasto {

namespace {

/// The five layers of the papers, with equal weights.
std::vector<style::weighted_layer> five_style_layers() {
    return {{"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}, {"relu4_1", 1}, {"relu5_1", 1, ""}};
}

/// Common options of the older recipes: one scale, no total variation, zero padding as in training.
stylize_options plain_recipe(style::convention loss) {
    stylize_options options;
    options.scales = 1;
    options.start = start::noise;
    options.start_noise = 0.15;
    options.loss = loss;
    options.tv_weight = 0;
    options.style_layers = five_style_layers();
    options.view.border = ops::border::zero;
    options.margin = 0;
    return options;
}

}  // namespace

stylize_options lecture_preset() {
    auto options = plain_recipe(style::convention::lecture);
    options.iterations = 600;
    options.optimizer = optimizer::gradient_descent;
    options.start_noise = 0.04;  // plain descent does not remove stronger noise
    options.content_weight = 10;
    options.style_weight = 40;
    options.view.pooling = {.kind = ops::pooling::average, .scale = 1};
    return options;
}

stylize_options gatys_preset() {
    auto options = plain_recipe(style::convention::gatys);
    options.iterations = 500;
    options.content_weight = 1;
    options.style_weight = 1000;
    options.view.pooling = {.kind = ops::pooling::average, .scale = 1};
    return options;
}

stylize_options neural_style_preset() {
    auto options = plain_recipe(style::convention::neural_style);
    options.iterations = 1000;
    options.history = 100;
    options.start_noise = 0.001 / 255;
    options.content_weight = 5;
    options.style_weight = 5 * 100;  // it adds the layers, impasto takes their mean
    options.tv_weight = 1e-3;
    options.view.pooling = {.kind = ops::pooling::max, .scale = 1};
    return options;
}

stylize_options crowsonkb_preset() {
    stylize_options options;
    options.scale_growth = std::numbers::sqrt2;
    options.scales = 5;
    options.iterations = 500;
    options.optimizer = optimizer::adam;
    options.learning_rate = 0.02;
    options.average = 0.99;
    options.start_noise = 0;
    options.style_layers = {
        {"relu1_1", 256}, {"relu2_1", 64}, {"relu3_1", 16}, {"relu4_1", 4}, {"relu5_1", 1, ""}};
    options.view.pooling = {.kind = ops::pooling::max, .scale = 1};
    options.view.border = ops::border::replicate;
    options.margin = 0;
    return options;
}

}  // namespace impasto
