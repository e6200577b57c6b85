#include "insight/explain_impl.hpp"
#include "insight/inversion_run.hpp"
#include "insight/judge_impl.hpp"
#include "insight/map_search_impl.hpp"
#include "insight/texture_run.hpp"
#include "insight/tiled_features_impl.hpp"
#include "insight/unit_gradient_impl.hpp"
#include "insight/unit_patches_impl.hpp"

namespace impasto::insight {

template std::vector<inversion> invert(context<cuda>&, const nn::network&, image::picture_view,
                                       std::span<const std::string>, const stylize_options&,
                                       const observer&);
template image::picture texture(context<cuda>&, const nn::network&, image::picture_view,
                                image::extent, const stylize_options&, const observer&);
template std::vector<texture_step> texture_progression(context<cuda>&, const nn::network&,
                                                       image::picture_view, image::extent,
                                                       const stylize_options&, const observer&);

template explanation explain(context<cuda>&, const nn::network&, image::picture_view,
                             const explain_options&, std::vector<float>);

template judgement judge(context<cuda>&, const nn::network&, image::picture_view,
                         image::picture_view, image::picture_view, const ops::conv_method&);

template class tiled_features<float, cuda>;
template class tiled_features<tf32, cuda>;
template class tiled_features<half, cuda>;
template class tiled_features<bfloat16, cuda>;
template class map_search<float, cuda>;
template class map_search<tf32, cuda>;
template class map_search<half, cuda>;
template class map_search<bfloat16, cuda>;
template class unit_patches<float, cuda>;
template class unit_patches<tf32, cuda>;
template class unit_patches<half, cuda>;
template class unit_patches<bfloat16, cuda>;
template class unit_gradient<cuda>;

}  // namespace impasto::insight
