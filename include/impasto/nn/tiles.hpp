#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/nn/receptive_field.hpp>
#include <impasto/ops/map_rows.hpp>

/// Pictures cut into overlapping pieces, so that every unit of a feature map is computed in one of
/// them as in the whole picture.
namespace impasto::nn {

/// One side of a piece: pixels [first, last).
struct tile_range {
    std::int64_t first, last;

    friend constexpr bool operator==(const tile_range&, const tile_range&) = default;
};

/// Pieces of at most `tile` pixels; a side that fits into one is left whole. They overlap by the
/// receptive field and start at multiples of four strides, where pools and the blocks of Winograd's
/// convolution start too: what a unit sees in its piece is computed as in the whole.
/// Throws option_error where `tile` is too small for that.
[[nodiscard]] std::vector<tile_range> tile_side(const receptive_field& field, std::int64_t side,
                                                std::int64_t tile);

/// The units of a tile that belong to it, and to no other.
struct own_units {
    ops::map_window in_tile;           ///< on the map of the tile
    std::int64_t row = 0, column = 0;  ///< where they start on the map of the whole picture
};

/// The tiles of a picture, row by row.
class tile_grid {
public:
    /// deepest: the receptive field of the deepest layer that is looked at. Tiles are at most
    /// `tallest` by `widest` pixels. Throws option_error where that is too small.
    tile_grid(const receptive_field& deepest, std::int64_t height, std::int64_t width,
              std::int64_t tallest, std::int64_t widest);

    [[nodiscard]] std::size_t size() const { return rows_.size() * columns_.size(); }
    /// The pixels that go through the network.
    [[nodiscard]] image::box read(std::size_t tile) const;
    /// Those of a layer that is no deeper than `deepest`.
    [[nodiscard]] own_units own(std::size_t tile, const receptive_field& field) const;

private:
    std::int64_t height_, width_;
    std::vector<tile_range> rows_, columns_;
};

}  // namespace impasto::nn
