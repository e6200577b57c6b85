#include <algorithm>
#include <map>
#include <utility>

#include <impasto/insight/explain.hpp>
#include <impasto/insight/patch_sheet.hpp>

namespace impasto::insight {

namespace {

constexpr std::int64_t patches_of_a_channel = 9;
constexpr std::int64_t largest_side = 32;  // a patch that sees more is made smaller

image::picture show_unit(image::picture_view pixels, const nn::receptive_field& field,
                         std::int64_t row, std::int64_t column) {
    return show_box(pixels, field.of_unit(row, column), std::min(largest_side, field.size));
}

/// Positions of the strongest of a channel that are at least `apart` rows or columns apart.
std::vector<std::pair<std::int64_t, std::int64_t>> peaks(const tensor<float, cpu>& map,
                                                         std::int64_t channel, std::int64_t apart) {
    const auto& s = map.shape();
    std::vector<float> left(map.data() + channel * s.pixels(),
                            map.data() + (channel + 1) * s.pixels());
    std::vector<std::pair<std::int64_t, std::int64_t>> found;
    while (std::ssize(found) < patches_of_a_channel) {
        const auto best = std::ranges::max_element(left);
        if (!(*best > 0))
            break;
        const auto row = (best - left.begin()) / s.w, column = (best - left.begin()) % s.w;
        found.emplace_back(row, column);
        for (auto y = std::max<std::int64_t>(0, row - apart + 1); y < std::min(s.h, row + apart);
             ++y)
            for (auto x = std::max<std::int64_t>(0, column - apart + 1);
                 x < std::min(s.w, column + apart); ++x)
                left[static_cast<std::size_t>(y * s.w + x)] = 0;
    }
    return found;
}

}  // namespace

channel_patches patches_within(const nn::network& network, const explanation& seen,
                               image::picture_view pixels) {
    const auto field = receptive_field_of(network.layers, seen.layer);
    const auto apart = std::max<std::int64_t>(1, field.size / (2 * field.stride));
    channel_patches result(static_cast<std::size_t>(seen.channels()));
    for (std::int64_t k = 0; k < seen.channels(); ++k)
        for (const auto& [row, column] : peaks(seen.map, k, apart))
            result[static_cast<std::size_t>(k)].push_back(show_unit(pixels, field, row, column));
    return result;
}

channel_patches cut_patches(const top_patches& found, const nn::receptive_field& field,
                            const std::function<image::picture(std::int64_t)>& load) {
    channel_patches result(static_cast<std::size_t>(found.channels()));
    std::map<std::int64_t, std::vector<std::pair<std::int64_t, std::size_t>>> by_picture;
    for (std::int64_t k = 0; k < found.channels(); ++k) {
        const auto count = std::min<std::int64_t>(std::ssize(found.of(k)), patches_of_a_channel);
        result[static_cast<std::size_t>(k)].resize(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
            by_picture[found.of(k)[i].picture].emplace_back(k, i);
    }
    for (const auto& [number, wanted] : by_picture) {
        const auto pixels = load(number);
        for (const auto& [channel, i] : wanted) {
            const auto& at = found.of(channel)[i];
            result[static_cast<std::size_t>(channel)][i] =
                show_unit(pixels, field, at.row, at.column);
        }
    }
    return result;
}

}  // namespace impasto::insight
