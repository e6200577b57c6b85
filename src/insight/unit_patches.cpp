#include "insight/unit_patches_impl.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <vector>

namespace impasto::insight {

namespace {

constexpr double least_typical = 0.25;  // of the layer's mean

/// A channel's place in the order of strongest_channels.
struct rank {
    double score, sum;
    std::int64_t channel;

    friend bool operator<(const rank& a, const rank& b) {
        return std::tuple(-a.score, -a.sum, a.channel) < std::tuple(-b.score, -b.sum, b.channel);
    }
};

/// What the activations of a channel are divided by.
std::vector<double> units_of(const top_patches& found) {
    std::vector<double> units(static_cast<std::size_t>(found.channels()), 1.0);
    if (found.pictures() <= found.top())
        return units;
    double mean = 0;
    for (std::int64_t channel = 0; channel < found.channels(); ++channel)
        mean += found.typical(channel) / static_cast<double>(found.channels());
    for (std::int64_t channel = 0; channel < found.channels(); ++channel)
        units[static_cast<std::size_t>(channel)] =
            std::max(found.typical(channel), least_typical * mean);
    return units;
}

}  // namespace

std::vector<std::int64_t> strongest_channels(const top_patches& found, std::int64_t count) {
    const auto units = units_of(found);
    std::vector<rank> all;
    for (std::int64_t channel = 0; channel < found.channels(); ++channel) {
        double central = 0, sum = 0;
        for (const auto& patch : found.of(channel)) {
            sum += patch.activation;
            central += patch.central ? patch.activation : 0;
        }
        if (sum > 0)
            all.push_back({central / units[static_cast<std::size_t>(channel)], sum, channel});
    }
    std::ranges::sort(all, std::less());
    std::vector<std::int64_t> channels;
    for (const auto& one : all)
        if (std::ssize(channels) < count)
            channels.push_back(one.channel);
    return channels;
}

template class unit_patches<float, cpu>;

}  // namespace impasto::insight
