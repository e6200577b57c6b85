#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/insight/resizing_features.hpp>
#include <impasto/nn/tiles.hpp>

namespace impasto::insight {

/// A rectangle of the feature map of a picture, with the values that the whole picture gives. Every
/// unit belongs to exactly one part.
template <class T = float, class Device = cpu>
struct map_part {
    tensor_view<const stored<T>, Device> map;  ///< feature map of one tile, in the feature layout
    nn::own_units own;                         ///< position of the rectangle
    float scale = 1;                           ///< scale that restores the unscaled activations
    image::box central{};                      ///< nn::central_units of the whole picture
};

/// Computes the feature maps of a sequence of pictures, of any sizes, in bounded memory: large
/// pictures are evaluated in exact tiles.
template <class T = float, class Device = cpu>
class tiled_features {
public:
    /// The network must outlive this object. tile: largest side of a tile, in pixels. Throws
    /// option_error for an unknown layer or too small a tile.
    tiled_features(const nn::network& net, nn::features_options options, std::int64_t tile = 1024);

    /// The receptive fields of the taps, in the order of options.taps.
    [[nodiscard]] const std::vector<nn::receptive_field>& fields() const { return fields_; }
    [[nodiscard]] const nn::features_options& options() const { return sized_.options(); }
    /// Number of channels of a tap.
    [[nodiscard]] std::int64_t channels(std::size_t tap) const;

    /// Calls visit(tap, part) for every tap of every tile; the part is valid during the call only.
    /// pixels: [1,3,H,W]. Throws as nn::features does if the picture is too small.
    void visit(context<Device>& ctx, image::picture_view pixels,
               const std::function<void(std::size_t, const map_part<T, Device>&)>& visit);

private:
    [[nodiscard]] std::int64_t tile_height(std::int64_t height, std::int64_t width) const;

    resizing_features<T, Device> sized_;
    std::int64_t tile_;
    std::vector<nn::receptive_field> fields_;
    nn::receptive_field widest_;      ///< of the deepest tap
    growing_tensor<float, cpu> cut_;  ///< the pixels of a tile
};

}  // namespace impasto::insight
