#include <impasto/insight/receptive_field.hpp>

#include <algorithm>

namespace impasto::insight {

box clip(const box& wanted, std::int64_t height, std::int64_t width) {
    const auto left = std::clamp<std::int64_t>(wanted.x, 0, width);
    const auto top = std::clamp<std::int64_t>(wanted.y, 0, height);
    const auto right = std::clamp(wanted.x + wanted.width, left, width);
    const auto bottom = std::clamp(wanted.y + wanted.height, top, height);
    return {left, top, right - left, bottom - top};
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
