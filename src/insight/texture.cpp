#include "insight/texture_run.hpp"

namespace impasto::insight {

stylize_options texture_preset() {
    stylize_options options;
    options.iterations = 200;
    options.start = start::noise;
    options.start_noise = 0.15;
    options.content_layers = {};
    options.tv_weight = 1;
    return options;
}

template image::picture texture(context<cpu>&, const nn::network&, image::picture_view,
                                image::extent, const stylize_options&, const observer&);
template std::vector<texture_step> texture_progression(context<cpu>&, const nn::network&,
                                                       image::picture_view, image::extent,
                                                       const stylize_options&, const observer&);

}  // namespace impasto::insight
