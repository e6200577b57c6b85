#include <impasto/insight/unit_patches.hpp>

#include <algorithm>

namespace impasto::insight {

unit_patches::unit_patches(const nn::network& net, const unit_patches_options& options)
    : scan_(net,
            {.taps = options.layers,
             .pooling = options.pooling,
             .border = options.border,
             .algorithm = options.algorithm,
             .backward = false},
            options.tile) {
    for (std::size_t layer = 0; layer < layers().size(); ++layer)
        found_.emplace_back(scan_.channels(layer), options.top, options.positions);
}

void unit_patches::add(context<cpu>& ctx, image::picture_view pixels, std::int64_t picture) {
    scan_.visit(ctx, pixels, [&](std::size_t layer, const map_part& part) {
        found_[layer].add(ctx, part, picture);
    });
}

void unit_patches::merge(const unit_patches& other) {
    if (other.layers() != layers())
        throw option_error("unit patches: two searches over different layers cannot be merged");
    for (std::size_t layer = 0; layer < found_.size(); ++layer)
        found_[layer].merge(other.found_[layer]);
}

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

}  // namespace impasto::insight
