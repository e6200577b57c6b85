#include "insight/tiled_features_impl.hpp"

namespace impasto::insight {

namespace detail {

image::picture_view cut(image::picture_view pixels, const image::box& wanted, int threads,
                        growing_tensor<float, cpu>& room) {
    const shape whole = pixels.shape();
    const auto result = room.of({1, 3, wanted.height, wanted.width});
#pragma omp parallel for num_threads(threads)
    for (std::int64_t i = 0; i < 3 * wanted.height; ++i) {
        const auto row = i / wanted.height * whole.h + wanted.y + i % wanted.height;
        std::copy_n(pixels.data() + row * whole.w + wanted.x, wanted.width,
                    result.data() + i * wanted.width);
    }
    return result;
}

}  // namespace detail

template class tiled_features<float, cpu>;

}  // namespace impasto::insight
