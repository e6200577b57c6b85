#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace impasto::insight {

/// An activation of a channel: its value, and its position on the feature map of a picture.
struct unit_patch {
    float activation = 0;
    std::int64_t picture = 0;  ///< number of the picture
    std::int64_t row = 0, column = 0;
    bool central = false;  ///< one of nn::central_units, which respond to the picture

    friend bool operator==(const unit_patch&, const unit_patch&) = default;
};

/// The order of lists of patches: by activation, the largest first, then by picture, row and
/// column, the lowest first. No two patches of a channel are equal in this order, so the first k of
/// a set do not depend on the order in which its elements are added.
[[nodiscard]] constexpr bool precedes(const unit_patch& a, const unit_patch& b) {
    if (a.activation != b.activation)
        return a.activation > b.activation;
    if (a.picture != b.picture)
        return a.picture < b.picture;
    return a.row != b.row ? a.row < b.row : a.column < b.column;
}

/// How many patches of one picture a channel's list may have.
enum class per_picture { one, any };

/// The k strongest patches of each channel of a layer. Positions where the activation is not above
/// zero are not counted, so the list of a channel may be shorter or empty.
class top_patches {
public:
    /// Throws option_error unless channels and top are at least 1.
    top_patches(std::int64_t channels, std::int64_t top, per_picture positions = per_picture::any);

    [[nodiscard]] std::int64_t channels() const { return static_cast<std::int64_t>(best_.size()); }
    [[nodiscard]] std::int64_t top() const { return top_; }
    /// The patches of a channel, at most `top`, in the order of `precedes`.
    [[nodiscard]] std::span<const unit_patch> of(std::int64_t channel) const {
        return best_.at(static_cast<std::size_t>(channel));
    }

    void add(std::int64_t channel, const unit_patch& patch);
    /// Adds all patches of another list, which must be from other positions.
    void merge(const top_patches& other);
    /// Counts a picture. largest: the largest activation of each channel in it.
    void saw(std::span<const float> largest);
    /// Number of pictures counted.
    [[nodiscard]] std::int64_t pictures() const { return pictures_; }
    /// The mean of a channel's largest activations over the pictures counted, to a millionth; 0
    /// without pictures. Sums below 2³³ are exact, independently of the order of the pictures.
    [[nodiscard]] double typical(std::int64_t channel) const;
    /// The value that an activation at `from`, or later in its picture, must exceed to be added.
    [[nodiscard]] float threshold(std::int64_t channel, unit_patch from) const;
    /// Largest number of patches of a channel from one picture.
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
