#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>

#include <impasto/image/picture.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/nn/rescale.hpp>
#include <impasto/ops/transfer.hpp>
#include <impasto/weights/activations.hpp>

namespace impasto::insight {

/// nn::features for pictures of different sizes, with memory for the largest one. For half, the
/// network is rescaled for weights::test_picture, so that the order of pictures does not matter.
template <class T = float, class Device = cpu>
class resizing_features {
public:
    /// The network must outlive this.
    resizing_features(const nn::network& net, nn::features_options options)
        : net_(&net), options_(std::move(options)) {}

    [[nodiscard]] const nn::network& network() const { return *net_; }
    [[nodiscard]] const nn::features_options& options() const { return options_; }

    /// Computes the taps for pixels [1,3,H,W] on the host; valid until the next call. Throws as
    /// nn::features does.
    [[nodiscard]] nn::features<T, Device>& forward(context<Device>& ctx,
                                                   image::picture_view pixels) {
        if (!features_)
            features_.emplace(ctx, fitted(ctx), pixels.shape(), options_);
        else if (!(features_->pixels_shape() == pixels.shape()))
            features_->resize(ctx, fitted(ctx), pixels.shape());
        features_->forward(ctx, ops::on_device(ctx, pixels, pixels_));
        return *features_;
    }

private:
    [[nodiscard]] const nn::network& fitted(context<Device>& ctx) {
        if constexpr (std::same_as<T, half>) {
            if (!fitted_)
                fitted_ = fit(ctx);
            return *fitted_;
        } else {
            return *net_;
        }
    }

    [[nodiscard]] nn::network fit(context<Device>& ctx) {
        std::size_t last = 0;
        for (const auto& tap : options_.taps)
            last = std::max(last, nn::find_tap(net_->layers, tap));
        const auto picture = weights::test_picture();
        const tensor_view<const float, Device> views[] = {
            ops::on_device(ctx, picture.view(), pixels_)};
        return nn::fitted_to_half<Device>(ctx, *net_, last, views, options_);
    }

    const nn::network* net_;
    nn::features_options options_;
    std::optional<nn::network> fitted_;
    std::optional<nn::features<T, Device>> features_;
    growing_tensor<float, Device> pixels_;
};

}  // namespace impasto::insight
