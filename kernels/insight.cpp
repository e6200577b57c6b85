#include "insight/inversion_run.hpp"
#include "insight/texture_run.hpp"

namespace impasto::insight {

template std::vector<inversion> invert(context<cuda>&, const nn::network&, image::picture_view,
                                       std::span<const std::string>, const stylize_options&,
                                       const observer&);
template image::picture texture(context<cuda>&, const nn::network&, image::picture_view,
                                image::extent, const stylize_options&, const observer&);
template std::vector<texture_step> texture_progression(context<cuda>&, const nn::network&,
                                                       image::picture_view, image::extent,
                                                       const stylize_options&, const observer&);

}  // namespace impasto::insight
