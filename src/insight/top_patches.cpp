#include <impasto/insight/top_patches.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <impasto/core/error.hpp>

namespace impasto::insight {

namespace {

constexpr double unit = 1 << 20;  // doubles add multiples of 1/unit without rounding

}  // namespace

top_patches::top_patches(std::int64_t channels, std::int64_t top, per_picture positions)
    : top_(top), positions_(positions) {
    if (channels < 1 || top < 1)
        throw option_error("top patches: the " + std::to_string(top) + " best of " +
                           std::to_string(channels) + " channels; both must be at least 1");
    best_.resize(static_cast<std::size_t>(channels));
    sums_.resize(static_cast<std::size_t>(channels));
}

// The patch that a better one of a picture takes the place of; the end where there is room.
auto top_patches::rival(const list& known, std::int64_t picture) const -> list::const_iterator {
    if (positions_ == per_picture::one)
        if (const auto own = std::ranges::find(known, picture, &unit_patch::picture);
            own != known.end())
            return own;
    return std::ssize(known) < top_ ? known.end() : known.end() - 1;
}

void top_patches::add(std::int64_t channel, const unit_patch& patch) {
    auto& known = best_.at(static_cast<std::size_t>(channel));
    const auto old = rival(known, patch.picture);
    if (!(patch.activation > 0) || (old != known.end() && !precedes(patch, *old)))
        return;
    if (old != known.end())
        known.erase(old);
    known.insert(std::ranges::lower_bound(known, patch, precedes), patch);
}

void top_patches::merge(const top_patches& other) {
    if (other.channels() != channels())
        throw shape_error("top patches: a layer of " + std::to_string(channels()) +
                          " channels is merged with one of " + std::to_string(other.channels()));
    for (std::int64_t channel = 0; channel < channels(); ++channel)
        for (const auto& patch : other.of(channel))
            add(channel, patch);
    pictures_ += other.pictures_;
    for (std::size_t channel = 0; channel < sums_.size(); ++channel)
        sums_[channel] += other.sums_[channel];
}

void top_patches::saw(std::span<const float> largest) {
    if (std::ssize(largest) != channels())
        throw shape_error("top patches: " + std::to_string(largest.size()) +
                          " largest activations for a layer of " + std::to_string(channels()) +
                          " channels");
    ++pictures_;
    for (std::size_t channel = 0; channel < sums_.size(); ++channel)
        if (largest[channel] > 0)
            sums_[channel] += std::round(static_cast<double>(largest[channel]) * unit);
}

double top_patches::typical(std::int64_t channel) const {
    const double sum = sums_.at(static_cast<std::size_t>(channel)) / unit;
    return pictures_ > 0 ? sum / static_cast<double>(pictures_) : 0;
}

// Of equals the earlier wins, so that a later one has to be larger, and an earlier one may be as
// large.
float top_patches::threshold(std::int64_t channel, unit_patch from) const {
    const auto& known = best_[static_cast<std::size_t>(channel)];
    const auto old = rival(known, from.picture);
    if (old == known.end())
        return 0;
    from.activation = old->activation;
    return precedes(from, *old) ? std::nextafter(from.activation, 0.0f) : from.activation;
}

}  // namespace impasto::insight
