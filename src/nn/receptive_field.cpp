#include <impasto/nn/receptive_field.hpp>

#include <algorithm>

namespace impasto::nn {

box crop_of_unit(const receptive_field& field, std::int64_t row, std::int64_t column,
                 std::int64_t height, std::int64_t width) {
    const auto crop = clip(field.of_unit(row, column), height, width);
    const auto left = crop.x % field.stride, top = crop.y % field.stride;
    return {crop.x - left, crop.y - top, crop.width + left, crop.height + top};
}

namespace {

struct unit_range {
    std::int64_t first, count;
};

/// Of one side. The half of unit i starts at pixel `first + i·stride`; it lies within the side, or
/// covers it, where that is between 0 and the side less the half.
unit_range central_range(const receptive_field& field, std::int64_t side) {
    const auto quarter = field.size / 4;
    const auto spare = side - (field.size - 2 * quarter), first = field.start + quarter;
    const auto units_to = [&](std::int64_t pixel) {  // units of which the half starts before it
        const auto distance = pixel - first;
        return distance <= 0 ? 0 : (distance + field.stride - 1) / field.stride;
    };
    const auto before = units_to(std::min<std::int64_t>(0, spare));
    return {before, units_to(std::max<std::int64_t>(0, spare) + 1) - before};
}

}  // namespace

box central_units(const receptive_field& field, std::int64_t height, std::int64_t width) {
    const auto rows = central_range(field, height), columns = central_range(field, width);
    return {columns.first, rows.first, columns.count, rows.count};
}

receptive_field receptive_field_of(std::span<const layer> layers, std::size_t last) {
    receptive_field field;
    for (const auto& layer : layers.first(last + 1)) {
        const int kernel = layer.is_pool() ? 2 : 3, padding = layer.is_pool() ? 0 : 1;
        field.size += (kernel - 1) * field.stride;
        field.start -= padding * field.stride;
        field.stride *= layer.is_pool() ? 2 : 1;
    }
    return field;
}

receptive_field receptive_field_of(std::span<const layer> layers, std::string_view tap) {
    return receptive_field_of(layers, find_tap(layers, tap));
}

}  // namespace impasto::nn
