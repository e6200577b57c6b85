#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <impasto/image/crop.hpp>
#include <impasto/nn/topology.hpp>

namespace impasto::nn {

using image::box;

/// The receptive field of the units of a layer: a square of pixels, moved by `stride` for each step
/// on the feature map. Clipped to the picture it is exact, including edges and odd sizes, for every
/// table of layers with a convolution before each pool.
/// Source: Araujo, Norris, Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks",
/// eqs. 2 and 5.
struct receptive_field {
    std::int64_t size = 1;    ///< side of the square
    std::int64_t stride = 1;  ///< in pixels, between neighbours of the feature map
    std::int64_t start = 0;   ///< first row and column of unit (0, 0); negative in the padding

    /// The receptive field of unit (row, column), including padding.
    [[nodiscard]] constexpr box of_unit(std::int64_t row, std::int64_t column) const {
        return {start + column * stride, start + row * stride, size, size};
    }

    friend constexpr bool operator==(const receptive_field&, const receptive_field&) = default;
};

/// The smallest part of a picture of height × width in which a unit has the same value as in the
/// whole picture: its receptive field, starting at a multiple of the stride. In this part the unit
/// is at (row − y/stride, column − x/stride).
[[nodiscard]] box crop_of_unit(const receptive_field& field, std::int64_t row, std::int64_t column,
                               std::int64_t height, std::int64_t width);

/// The units for which the central half of the receptive field, in both dimensions, is inside the
/// picture; along a side shorter than that half, those whose half covers the side. The box is in
/// columns and rows of the feature map. A unit responds mostly to the centre of its receptive
/// field, so these units respond to the picture, and others largely to the padding.
/// Source: Luo et al. 2016, "Understanding the Effective Receptive Field in Deep Convolutional
/// Neural Networks".
[[nodiscard]] box central_units(const receptive_field& field, std::int64_t height,
                                std::int64_t width);

/// The receptive field after the layer at position `last`, or at a tap, "relu3_2" or "pool3". The
/// latter throws option_error for a layer that is not in the table.
[[nodiscard]] receptive_field receptive_field_of(std::span<const layer> layers, std::size_t last);
[[nodiscard]] receptive_field receptive_field_of(std::span<const layer> layers,
                                                 std::string_view tap);

}  // namespace impasto::nn
