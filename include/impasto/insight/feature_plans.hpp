#pragma once

#include <memory>
#include <vector>

#include <impasto/nn/features.hpp>

namespace impasto::insight {

/// nn::features for pictures of many sizes: a plan is kept for the next picture of its size, until
/// all plans together hold 512 MB; then the one that was used longest ago goes.
class feature_plans {
public:
    /// The network must outlive this.
    feature_plans(const nn::network& net, nn::features_options options)
        : net_(&net), options_(std::move(options)) {}

    [[nodiscard]] const nn::network& network() const { return *net_; }
    [[nodiscard]] const nn::features_options& options() const { return options_; }

    /// Valid until the next call. Throws as nn::features does.
    [[nodiscard]] nn::features<float, cpu>& of(context<cpu>& ctx, const shape& pixels);

private:
    const nn::network* net_;
    nn::features_options options_;
    std::vector<std::unique_ptr<nn::features<float, cpu>>> plans_;  ///< the last used at the back
};

}  // namespace impasto::insight
