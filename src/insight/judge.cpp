#include "insight/judge_impl.hpp"

namespace impasto::insight {

template judgement judge(context<cpu>&, const nn::network&, image::picture_view,
                         image::picture_view, image::picture_view, const ops::conv_method&);

}  // namespace impasto::insight
