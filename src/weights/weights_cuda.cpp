#include "weights/activations_impl.hpp"

namespace impasto::weights {

template std::vector<layer_activations> measure_activations(context<cuda>&, const nn::network&,
                                                            std::span<const image::picture_view>);

}  // namespace impasto::weights
