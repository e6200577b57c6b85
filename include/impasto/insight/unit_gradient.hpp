#pragma once

#include <cstdint>
#include <string>

#include <impasto/image/picture.hpp>
#include <impasto/insight/resizing_features.hpp>
#include <impasto/nn/receptive_field.hpp>

namespace impasto::insight {

/// One unit of a layer: a channel at a position of the feature map.
struct unit {
    std::int64_t channel = 0, row = 0, column = 0;
};

/// The gradient of the activation of one unit, ∂activation/∂pixels, guided or plain, computed in
/// float32 over the receptive field of the unit.
template <class Device = cpu>
class unit_gradient {
public:
    /// The network must outlive this object. options.taps has exactly one layer; options.guided
    /// selects guided gradients. Throws option_error for an unknown layer.
    unit_gradient(const nn::network& net, nn::features_options options);

    [[nodiscard]] const nn::receptive_field& field() const { return field_; }

    /// pixels: [1,3,H,W]. Returns [1,3,h,w] over nn::crop_of_unit; zero if the activation is zero.
    /// Throws option_error for a unit outside of the feature map.
    [[nodiscard]] tensor<float, cpu> of(context<Device>& ctx, image::picture_view pixels,
                                        const unit& wanted);

private:
    resizing_features<float, Device> sized_;
    nn::receptive_field field_;
    growing_tensor<float, Device> d_pixels_;
};

}  // namespace impasto::insight
