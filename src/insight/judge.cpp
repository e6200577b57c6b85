#include "insight/judge_impl.hpp"

namespace impasto::insight {

template judgement judge(context<cpu>&, const nn::network&, image::picture_view,
                         image::picture_view, image::picture_view, const judge_options&);

}  // namespace impasto::insight
