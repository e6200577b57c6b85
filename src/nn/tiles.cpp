#include <impasto/nn/tiles.hpp>

#include <string>

#include <impasto/core/error.hpp>

namespace impasto::nn {

namespace {

/// Winograd's convolution computes blocks of 4×4.
constexpr std::int64_t tile_block = 4;

/// First unit that sees nothing before `pixel`: where a tile that starts there may begin.
std::int64_t first_whole_unit(const receptive_field& field, std::int64_t pixel) {
    return pixel == 0 ? 0 : (pixel - field.start + field.stride - 1) / field.stride;
}

/// The units of one side that belong to tile i.
struct unit_range {
    std::int64_t first, last;
};

unit_range units_of(const receptive_field& field, const std::vector<tile_range>& tiles,
                    std::size_t i, std::int64_t side) {
    const bool last = i + 1 == tiles.size();
    return {first_whole_unit(field, tiles[i].first),
            last ? side / field.stride : first_whole_unit(field, tiles[i + 1].first)};
}

}  // namespace

std::vector<tile_range> tile_side(const receptive_field& field, std::int64_t side,
                                  std::int64_t tile) {
    const auto unit = tile_block * field.stride;
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

tile_grid::tile_grid(const receptive_field& deepest, std::int64_t height, std::int64_t width,
                     std::int64_t tallest, std::int64_t widest)
    : height_(height),
      width_(width),
      rows_(tile_side(deepest, height, tallest)),
      columns_(tile_side(deepest, width, widest)) {}

image::box tile_grid::read(std::size_t tile) const {
    const auto& rows = rows_[tile / columns_.size()];
    const auto& columns = columns_[tile % columns_.size()];
    return {columns.first, rows.first, columns.last - columns.first, rows.last - rows.first};
}

own_units tile_grid::own(std::size_t tile, const receptive_field& field) const {
    const auto down = units_of(field, rows_, tile / columns_.size(), height_);
    const auto across = units_of(field, columns_, tile % columns_.size(), width_);
    const auto pixels = read(tile);
    return {
        .in_tile = {down.first - pixels.y / field.stride, across.first - pixels.x / field.stride,
                    down.last - down.first, across.last - across.first},
        .row = down.first,
        .column = across.first};
}

}  // namespace impasto::nn
