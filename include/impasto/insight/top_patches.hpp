#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace impasto::insight {

/// Where a unit fired: a position on the feature map of one of many pictures.
struct unit_patch {
    float activation = 0;
    std::int64_t picture = 0;  ///< as numbered by whoever showed it
    std::int64_t row = 0, column = 0;
    bool central = false;  ///< one of `central_units`: it looks at the picture, not at the padding

    friend bool operator==(const unit_patch&, const unit_patch&) = default;
};

/// The order of every list of patches: the stronger first; of equals the lower picture, then the
/// lower row, then the lower column. No two patches of a channel are equal in it, so that the best
/// k of a set are the same in whatever order the set is gone through.
[[nodiscard]] constexpr bool precedes(const unit_patch& a, const unit_patch& b) {
    if (a.activation != b.activation)
        return a.activation > b.activation;
    if (a.picture != b.picture)
        return a.picture < b.picture;
    return a.row != b.row ? a.row < b.row : a.column < b.column;
}

/// How many positions of one picture a unit's list may hold.
enum class per_picture { one, any };

/// The k patches of each channel of a layer that excite it most. Positions where a channel is not
/// above zero do not count: a channel that nothing excites has none.
class top_patches {
public:
    /// Throws option_error unless both are at least 1.
    top_patches(std::int64_t channels, std::int64_t top, per_picture positions = per_picture::any);

    [[nodiscard]] std::int64_t channels() const { return static_cast<std::int64_t>(best_.size()); }
    [[nodiscard]] std::int64_t top() const { return top_; }
    /// At most `top`, in the order of `precedes`.
    [[nodiscard]] std::span<const unit_patch> of(std::int64_t channel) const {
        return best_.at(static_cast<std::size_t>(channel));
    }

    void add(std::int64_t channel, const unit_patch& patch);
    /// Adds all of another's, which must come from other positions.
    void merge(const top_patches& other);
    /// Counts one more picture: the largest activation of each channel in it.
    void saw(std::span<const float> largest);
    /// Pictures counted.
    [[nodiscard]] std::int64_t pictures() const { return pictures_; }
    /// The mean of a channel's largest activations over the pictures counted, to a millionth; 0
    /// where there are none. Sums below 2³³ are exact, in whatever order pictures are counted.
    [[nodiscard]] double typical(std::int64_t channel) const;
    /// What a value at `from`, or later on the map of that picture, must exceed to be taken up.
    [[nodiscard]] float threshold(std::int64_t channel, unit_patch from) const;
    /// Patches of a channel that one picture may have at most.
    [[nodiscard]] std::int64_t room_of_a_picture() const {
        return positions_ == per_picture::one ? 1 : top_;
    }

private:
    using list = std::vector<unit_patch>;

    [[nodiscard]] list::const_iterator rival(const list& known, std::int64_t picture) const;

    std::int64_t top_;
    per_picture positions_;
    std::vector<list> best_;
    std::int64_t pictures_ = 0;
    std::vector<double> sums_;  ///< of the largest activations, in units of 2⁻²⁰
};

}  // namespace impasto::insight
