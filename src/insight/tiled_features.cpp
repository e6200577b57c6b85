#include "insight/tiled_features_impl.hpp"

#include <string>

namespace impasto::insight {

std::vector<tile_range> tile_side(const receptive_field& field, std::int64_t side,
                                  std::int64_t tile) {
    const auto unit = detail::tile_block * field.stride;
    if (tile < field.size + unit)
        throw option_error("tile: " + std::to_string(tile) + " pixels; the layer sees " +
                           std::to_string(field.size) + " at once and needs tiles of at least " +
                           std::to_string(field.size + unit));
    if (side <= tile)
        return {{0, side}};
    const auto step = (tile - field.size) / unit * unit;
    std::vector<tile_range> tiles;
    std::int64_t first = 0;
    for (; first + step + field.size < side; first += step)
        tiles.push_back({first, first + step + field.size});
    tiles.push_back({first, side});
    return tiles;
}

namespace detail {

namespace {

/// First unit that sees nothing before `pixel`: where a tile that starts there may begin.
std::int64_t first_whole_unit(const receptive_field& field, std::int64_t pixel) {
    return pixel == 0 ? 0 : (pixel - field.start + field.stride - 1) / field.stride;
}

}  // namespace

unit_range units_of(const receptive_field& field, const std::vector<tile_range>& tiles,
                    std::size_t i, std::int64_t side) {
    const bool last = i + 1 == tiles.size();
    return {first_whole_unit(field, tiles[i].first),
            last ? side / field.stride : first_whole_unit(field, tiles[i + 1].first)};
}

image::picture_view cut(image::picture_view pixels, const tile_range& rows,
                        const tile_range& columns, int threads, growing_tensor<float, cpu>& room) {
    const shape whole = pixels.shape();
    const auto height = rows.last - rows.first, width = columns.last - columns.first;
    const auto result = room.of({1, 3, height, width});
#pragma omp parallel for num_threads(threads)
    for (std::int64_t i = 0; i < 3 * height; ++i) {
        const auto row = i / height * whole.h + rows.first + i % height;
        std::copy_n(pixels.data() + row * whole.w + columns.first, width,
                    result.data() + i * width);
    }
    return result;
}

}  // namespace detail

template class tiled_features<float, cpu>;

}  // namespace impasto::insight
