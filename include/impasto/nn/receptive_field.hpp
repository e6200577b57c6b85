#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <impasto/image/crop.hpp>
#include <impasto/nn/topology.hpp>

namespace impasto::nn {

using image::box;

/// What a unit of a layer sees: the same square of pixels for every unit, moved by `stride` for
/// each step on the feature map. Clipped to the picture it is exact, edges and odd sizes included,
/// for every table that has a convolution before each pool.
/// Source: Araujo, Norris, Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks",
/// eqs. 2 and 5.
struct receptive_field {
    std::int64_t size = 1;    ///< side of the square
    std::int64_t stride = 1;  ///< pixels between neighbours of the map
    std::int64_t start = 0;   ///< first row, and column, that unit (0, 0) sees; padding is below 0

    /// The pixels that unit (row, column) of the map sees, padding included.
    [[nodiscard]] constexpr box of_unit(std::int64_t row, std::int64_t column) const {
        return {start + column * stride, start + row * stride, size, size};
    }

    friend constexpr bool operator==(const receptive_field&, const receptive_field&) = default;
};

/// The smallest part of a picture of height × width in which a unit is what it is in the whole
/// picture: the pixels that it sees, begun at a multiple of the stride. There the unit is
/// (row − y/stride, column − x/stride).
[[nodiscard]] box crop_of_unit(const receptive_field& field, std::int64_t row, std::int64_t column,
                               std::int64_t height, std::int64_t width);

/// The units of a picture's map of which the central half of the square, side by side, lies within
/// the picture; along a side that is shorter than that half, those whose half covers the side. x,
/// y, width and height are columns and rows of the map. A unit's response depends mostly on the
/// center of what it sees, so that these look at the picture and others largely at the padding.
/// Source: Luo et al. 2016, "Understanding the Effective Receptive Field in Deep Convolutional
/// Neural Networks".
[[nodiscard]] box central_units(const receptive_field& field, std::int64_t height,
                                std::int64_t width);

/// Of the units after the layer at position `last`, or after a tap, "relu3_2" or "pool3". The
/// latter throws option_error for a layer that is not in the table.
[[nodiscard]] receptive_field receptive_field_of(std::span<const layer> layers, std::size_t last);
[[nodiscard]] receptive_field receptive_field_of(std::span<const layer> layers,
                                                 std::string_view tap);

}  // namespace impasto::nn
