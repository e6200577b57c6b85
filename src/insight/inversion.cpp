#include "insight/inversion_run.hpp"

namespace impasto::insight {

stylize_options inversion_preset() {
    stylize_options options;
    options.size = 256;
    options.scales = 1;
    options.iterations = 200;
    options.start = start::noise;
    options.start_noise = 0.15;
    options.tv_weight = 1;
    options.style_layers = {};
    return options;
}

template std::vector<inversion> invert(context<cpu>&, const nn::network&, image::picture_view,
                                       std::span<const std::string>, const stylize_options&,
                                       const observer&);

}  // namespace impasto::insight
