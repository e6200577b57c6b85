#pragma once

#include <optional>
#include <utility>

#include <impasto/nn/features.hpp>

namespace impasto::insight {

/// nn::features for pictures of many sizes, in the memory that the largest of them needs.
class resizing_features {
public:
    /// The network must outlive this.
    resizing_features(const nn::network& net, nn::features_options options)
        : net_(&net), options_(std::move(options)) {}

    [[nodiscard]] const nn::network& network() const { return *net_; }
    [[nodiscard]] const nn::features_options& options() const { return options_; }

    /// Valid until the next call. Throws as nn::features does.
    [[nodiscard]] nn::features<float, cpu>& of(context<cpu>& ctx, const shape& pixels) {
        if (!features_)
            features_.emplace(ctx, *net_, pixels, options_);
        else if (!(features_->pixels_shape() == pixels))
            features_->resize(ctx, *net_, pixels);
        return *features_;
    }

private:
    const nn::network* net_;
    nn::features_options options_;
    std::optional<nn::features<float, cpu>> features_;
};

}  // namespace impasto::insight
