#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <impasto/image/picture.hpp>
#include <impasto/insight/resizing_features.hpp>
#include <impasto/nn/tiles.hpp>

namespace impasto::insight {

/// A rectangle of a feature map whose values are those of the whole picture's map: every unit
/// belongs to one part, and to one alone.
template <class T = float, class Device = cpu>
struct map_part {
    tensor_view<const T, Device> map;  ///< of one tile, in the feature layout
    nn::own_units own;                 ///< where the rectangle lies
    float scale = 1;                   ///< multiplies values to give the network's own activations
    image::box central{};              ///< `central_units` of the whole picture's map
};

/// The feature maps of one picture after another, of any sizes, in bounded memory: a large picture
/// goes through the network in exact tiles.
template <class T = float, class Device = cpu>
class tiled_features {
public:
    /// The network must outlive this. `tile` is the largest side, in pixels, that is computed in
    /// one piece. Throws option_error for an unknown layer and too small a tile.
    tiled_features(const nn::network& net, nn::features_options options, std::int64_t tile = 1024);

    /// In the order of options.taps.
    [[nodiscard]] const std::vector<nn::receptive_field>& fields() const { return fields_; }
    [[nodiscard]] const nn::features_options& options() const { return sized_.options(); }
    /// Channels of a tap.
    [[nodiscard]] std::int64_t channels(std::size_t tap) const;

    /// Calls visit(tap, part) for every tap of every tile; the map is gone when visit returns.
    /// pixels: [1,3,H,W]. Throws as nn::features does where they are too small.
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
