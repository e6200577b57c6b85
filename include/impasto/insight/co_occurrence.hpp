#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <impasto/core/context.hpp>
#include <impasto/insight/tiled_features.hpp>

namespace impasto::insight {

/// When a channel counts as firing: where it is above its own threshold, here the activation that
/// `share` of the map's positions exceed, and never below zero. A channel that is seldom above zero
/// fires wherever it is.
///
/// Channels differ a hundredfold in scale, and most are a little above zero nearly everywhere: a
/// share of each one's own positions makes them comparable, and a tenth shows as patches that the
/// eye can follow. map: [1,C,H,W], any layout of the CPU; one threshold a channel. Throws
/// option_error unless 0 < share < 1.
[[nodiscard]] std::vector<float> firing_thresholds(context<cpu>& ctx,
                                                   tensor_view<const float, cpu> map,
                                                   double share = 0.1);

/// Of two channels a and b; shares of all positions. What cannot be told is 0: p_b_given_a where a
/// never fires, lift where either does not.
struct pair_figures {
    double p_a = 0, p_b = 0, p_both = 0;
    double p_b_given_a = 0;  ///< p_both / p_a
    double lift = 0;         ///< p_both / (p_a·p_b): 1 where they fire independently of each other
};

/// How often the channels of a layer fire at the same position, over one or more pictures: what an
/// entry of a Gram matrix tells, as plain figures.
class co_occurrence {
public:
    /// One threshold a channel. Thresholds taken from one picture serve for others that are to be
    /// compared with it.
    explicit co_occurrence(std::vector<float> thresholds);

    [[nodiscard]] std::int64_t channels() const { return std::ssize(thresholds_); }
    [[nodiscard]] const std::vector<float>& thresholds() const { return thresholds_; }

    /// Counts a map, or a part of one. Throws shape_error where the channels differ.
    void add(context<cpu>& ctx, tensor_view<const float, cpu> map);
    void add(context<cpu>& ctx, const map_part<>& part);

    /// Positions that were counted, and at how many of them both channels fire, or one: both(a, a).
    [[nodiscard]] std::int64_t positions() const { return positions_; }
    [[nodiscard]] std::int64_t both(std::int64_t a, std::int64_t b) const {
        return both_.at(static_cast<std::size_t>(a * channels() + b));
    }
    [[nodiscard]] pair_figures of(std::int64_t a, std::int64_t b) const;

private:
    std::vector<float> thresholds_;
    std::vector<std::int64_t> both_;  ///< [C,C], both triangles
    std::int64_t positions_ = 0;
    std::vector<std::uint64_t> fires_;  ///< of each channel, a bit a position
};

}  // namespace impasto::insight
