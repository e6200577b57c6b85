#include "insight/unit_patches_impl.hpp"

#include <algorithm>
#include <functional>

namespace impasto::insight {

std::vector<std::int64_t> strongest_channels(const top_patches& found, std::int64_t count) {
    struct strength {
        double mean;
        std::int64_t channel;
    };
    std::vector<strength> all;
    for (std::int64_t channel = 0; channel < found.channels(); ++channel) {
        const auto patches = found.of(channel);
        double sum = 0;
        for (const auto& patch : patches)
            sum += patch.activation;
        if (!patches.empty())
            all.push_back({sum / static_cast<double>(patches.size()), channel});
    }
    std::ranges::stable_sort(all, std::greater(), &strength::mean);
    std::vector<std::int64_t> channels;
    for (const auto& one : all)
        if (std::ssize(channels) < count)
            channels.push_back(one.channel);
    return channels;
}

template class unit_patches<float, cpu>;

}  // namespace impasto::insight
