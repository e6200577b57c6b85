#include <impasto/painter/options.hpp>

namespace impasto {

stylize_options lecture_preset() {
    stylize_options options;
    options.scales = 1;
    options.iterations = 300;
    options.optimizer = optimizer::gradient_descent;
    options.momentum = 0.9;
    options.start = start::noise;
    options.loss = style::convention::lecture;
    options.content_weight = 10;
    options.style_weight = 40;
    options.tv_weight = 0;
    options.style_layers = {
        {"relu1_1", 0.2}, {"relu2_1", 0.2}, {"relu3_1", 0.2}, {"relu4_1", 0.2}, {"relu5_1", 0.2}};
    options.pooling = {.kind = ops::pooling::average, .scale = 1};
    options.border = ops::border::zero;
    return options;
}

}  // namespace impasto
