#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <impasto/nn/features_plan.hpp>

namespace impasto::nn {

/// Makes the stages of a plan, node after node.
class stage_builder {
public:
    using stage = features_plan::stage;

    stage_builder(const graph& g, const features_options& options, const network& net,
                  std::span<const std::size_t> tap_of_node,
                  const features_plan::fuses_pooling& fuses);

    /// The network's input, with the margin that the border asks for.
    [[nodiscard]] shape padded(const shape& pixels) const;
    /// What runs, in order; call once.
    [[nodiscard]] std::vector<stage> stages(const shape& padded);

private:
    static constexpr auto none = features_plan::none;

    [[nodiscard]] stage stage_of(std::size_t i, const shape& padded, std::span<const stage> before);
    [[nodiscard]] std::size_t take_convolution(stage& s, node& n);
    [[nodiscard]] std::size_t pool_behind(std::size_t node) const;
    [[nodiscard]] ops::conv_options options_of(const node& n) const;

    const graph& graph_;
    const features_options& options_;
    const network& net_;
    std::span<const std::size_t> taps_;  // which tap each node is
    const features_plan::fuses_pooling& fuses_;
    std::vector<bool> runs_;
    std::vector<std::size_t> stage_of_node_;
    std::size_t convolutions_ = 0, norms_ = 0;
};

}  // namespace impasto::nn
