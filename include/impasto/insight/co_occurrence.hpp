#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/insight/tiled_features.hpp>

namespace impasto::insight {

/// The threshold above which a channel counts as active ("fires"), one for each channel: the
/// activation that a `share` of the positions exceed, at least zero. A channel that is rarely above
/// zero is active wherever it is above zero.
///
/// The scales of channels differ by a factor of a hundred, and most channels are slightly above
/// zero nearly everywhere; a fixed share of each channel's positions makes them comparable. map:
/// [1,C,H,W], any layout of the CPU. Throws option_error unless 0 < share < 1.
[[nodiscard]] std::vector<float> firing_thresholds(context<cpu>& ctx,
                                                   tensor_view<const float, cpu> map,
                                                   double share = 0.1);

/// How often two channels a and b are active, as shares of all positions. Undefined values are 0:
/// p_b_given_a if a is never active, lift if one of them is never active.
struct pair_figures {
    double p_a = 0, p_b = 0, p_both = 0;
    double p_b_given_a = 0;  ///< p_both / p_a
    double lift = 0;         ///< p_both / (p_a·p_b): 1 for independent channels
};

/// Counts how often the channels of a layer are active at the same position, over one or more
/// pictures: the entries of a Gram matrix as frequencies.
class co_occurrence {
public:
    /// One threshold for each channel. To compare pictures, use the thresholds of one for all.
    explicit co_occurrence(std::vector<float> thresholds);

    [[nodiscard]] std::int64_t channels() const { return std::ssize(thresholds_); }
    [[nodiscard]] const std::vector<float>& thresholds() const { return thresholds_; }

    /// Adds a feature map, or a part of one. Throws shape_error if the channels differ.
    void add(context<cpu>& ctx, tensor_view<const float, cpu> map);
    void add(context<cpu>& ctx, const map_part<>& part);

    /// Number of positions counted, and of those where both a and b are active; a may equal b.
    [[nodiscard]] std::int64_t positions() const { return positions_; }
    [[nodiscard]] std::int64_t both(std::int64_t a, std::int64_t b) const {
        return both_.at(static_cast<std::size_t>(a * channels() + b));
    }
    [[nodiscard]] pair_figures of(std::int64_t a, std::int64_t b) const;

private:
    std::vector<float> thresholds_;
    std::vector<std::int64_t> both_;  ///< [C,C], both triangles
    std::int64_t positions_ = 0;
    std::vector<std::uint64_t> fires_;  ///< for each channel, one bit per position
};

}  // namespace impasto::insight
