#include "painter/painting_impl.hpp"
#include "painter/whole_run.hpp"

namespace impasto {

template class painting<cuda>;
template image::picture paint(context<cuda>&, const nn::network&, const brief&,
                              const stylize_options&, const observer&);
template image::picture stylize(context<cuda>&, const nn::network&, image::picture_view,
                                std::span<const image::picture_view>, const stylize_options&,
                                const observer&);
template std::vector<scale_plan> plan(context<cuda>&, const nn::network&, const shape&,
                                      std::span<const shape>, const stylize_options&);
template evaluation evaluate(context<cuda>&, const nn::network&, image::picture_view,
                             std::span<const image::picture_view>, image::picture_view,
                             const stylize_options&);

}  // namespace impasto
