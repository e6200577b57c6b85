#pragma once

#include <cstdint>
#include <string>

#include <impasto/image/picture.hpp>
#include <impasto/insight/resizing_features.hpp>
#include <impasto/nn/receptive_field.hpp>

namespace impasto::insight {

/// One unit of a layer: a channel at a position of its map.
struct unit {
    std::int64_t channel = 0, row = 0, column = 0;
};

/// What the pixels must change for one unit to fire more: ∂activation/∂pixels, guided or plain,
/// computed over the few pixels that the unit sees, in float32 on any device.
template <class Device = cpu>
class unit_gradient {
public:
    /// The network must outlive this. options.taps names the one layer; options.guided chooses.
    /// Throws option_error for an unknown layer.
    unit_gradient(const nn::network& net, nn::features_options options);

    [[nodiscard]] const nn::receptive_field& field() const { return field_; }

    /// pixels: [1,3,H,W] → [1,3,h,w] over `crop_of_unit`, zero where the unit does not fire. Throws
    /// option_error for a unit that the picture does not have.
    [[nodiscard]] tensor<float, cpu> of(context<Device>& ctx, image::picture_view pixels,
                                        const unit& wanted);

private:
    resizing_features<float, Device> sized_;
    nn::receptive_field field_;
    growing_tensor<float, Device> d_pixels_;
};

}  // namespace impasto::insight
