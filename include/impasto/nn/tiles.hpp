#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/nn/receptive_field.hpp>
#include <impasto/ops/map_rows.hpp>

/// Pictures split into overlapping tiles, so that every unit of a feature map has in one of them
/// the value that it has in the whole picture.
namespace impasto::nn {

/// The extent of a tile along one side of the picture: pixels [first, last).
struct tile_range {
    std::int64_t first, last;

    friend constexpr bool operator==(const tile_range&, const tile_range&) = default;
};

/// Splits a side into tiles of at most `tile` pixels; one tile if it fits. Tiles overlap by the
/// receptive field and start at multiples of four strides, where pools and the blocks of Winograd
/// convolutions start too, so that units are computed exactly as in the whole picture.
/// Throws option_error if `tile` is too small for that.
[[nodiscard]] std::vector<tile_range> tile_side(const receptive_field& field, std::int64_t side,
                                                std::int64_t tile);

/// The units that belong to a tile; every unit of the picture belongs to exactly one tile.
struct own_units {
    ops::map_window in_tile;           ///< in the feature map of the tile
    std::int64_t row = 0, column = 0;  ///< their start in that of the whole picture
};

/// The tiles of a picture, row by row.
class tile_grid {
public:
    /// deepest: the receptive field of the deepest layer used. Tiles have at most `tallest` by
    /// `widest` pixels. Throws option_error if that is too small.
    tile_grid(const receptive_field& deepest, std::int64_t height, std::int64_t width,
              std::int64_t tallest, std::int64_t widest);

    [[nodiscard]] std::size_t size() const { return rows_.size() * columns_.size(); }
    /// The pixels of a tile, including the overlap.
    [[nodiscard]] image::box read(std::size_t tile) const;
    /// The units of a layer that belong to a tile; field: at most as deep as `deepest`.
    [[nodiscard]] own_units own(std::size_t tile, const receptive_field& field) const;

private:
    std::int64_t height_, width_;
    std::vector<tile_range> rows_, columns_;
};

}  // namespace impasto::nn
