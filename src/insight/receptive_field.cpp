#include <impasto/insight/receptive_field.hpp>

namespace impasto::insight {

box crop_of_unit(const receptive_field& field, std::int64_t row, std::int64_t column,
                 std::int64_t height, std::int64_t width) {
    const auto crop = clip(field.of_unit(row, column), height, width);
    const auto left = crop.x % field.stride, top = crop.y % field.stride;
    return {crop.x - left, crop.y - top, crop.width + left, crop.height + top};
}

receptive_field receptive_field_of(std::span<const nn::layer> layers, std::size_t last) {
    receptive_field field;
    for (const auto& layer : layers.first(last + 1)) {
        const int kernel = layer.is_pool() ? 2 : 3, padding = layer.is_pool() ? 0 : 1;
        field.size += (kernel - 1) * field.stride;
        field.start -= padding * field.stride;
        field.stride *= layer.is_pool() ? 2 : 1;
    }
    return field;
}

receptive_field receptive_field_of(std::span<const nn::layer> layers, std::string_view tap) {
    return receptive_field_of(layers, nn::find_tap(layers, tap));
}

}  // namespace impasto::insight
