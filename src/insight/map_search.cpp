#include "insight/map_search_impl.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <impasto/core/error.hpp>

namespace impasto::insight {

namespace detail {

namespace {

void expect_finite(float activation, std::int64_t channel) {
    if (std::isinf(activation))
        throw option_error("patches: channel " + std::to_string(channel) +
                           " is too active for the precision of the maps; choose bfloat16 or "
                           "float32");
}

bool contains(const image::box& units, std::int64_t row, std::int64_t column) {
    return row >= units.y && row < units.y + units.height && column >= units.x &&
           column < units.x + units.width;
}

}  // namespace

std::vector<ops::channel_row> promising_rows(tensor_view<const float, cpu> maxima,
                                             const unit_patch& first, const top_patches& found) {
    const auto [n, channels, rows, w] = maxima.shape();
    const auto together =
        maxima.layout() == layout::nhwc ? channels : channel_block(maxima.layout());
    const auto planes = (channels + together - 1) / together;
    std::vector<float> bounds(static_cast<std::size_t>(planes * together),
                              std::numeric_limits<float>::infinity());
    for (std::int64_t k = 0; k < channels; ++k)
        bounds[static_cast<std::size_t>(k)] = found.threshold(k, first);

    // Rows rank as patches do: as many as there is room for precede all that the others hold.
    top_patches ranking(channels, found.room_of_a_picture());
    const float* row = maxima.data();
    for (std::int64_t plane = 0; plane < planes; ++plane) {
        const float* bound = bounds.data() + plane * together;
        for (std::int64_t y = 0; y < rows; ++y, row += together) {
            int better = 0;  // counted without a branch, by vectors: hardly ever is there one
            for (std::int64_t lane = 0; lane < together; ++lane)
                better += row[lane] > bound[lane];
            for (std::int64_t lane = 0; better > 0 && lane < together; ++lane)
                if (row[lane] > bound[lane]) {
                    expect_finite(row[lane], plane * together + lane);
                    ranking.add(plane * together + lane, {row[lane], first.picture, y, 0});
                }
        }
    }
    std::vector<ops::channel_row> result;
    for (std::int64_t k = 0; k < channels; ++k)
        for (const auto& one : ranking.of(k))
            result.push_back({k, one.row});
    return result;
}

void offer(tensor_view<const float, cpu> values, std::span<const ops::channel_row> rows,
           const unit_patch& first, const image::box& central, top_patches& found) {
    const float* value = values.data();
    for (const auto& [channel, row] : rows) {
        unit_patch here{0, first.picture, first.row + row, first.column};
        float bound = found.threshold(channel, here);
        for (std::int64_t x = 0; x < values.shape().w; ++x, ++value)
            if (*value > bound) {
                here.activation = *value;
                here.column = first.column + x;
                here.central = contains(central, here.row, here.column);
                found.add(channel, here);
                bound = found.threshold(channel, here);
            }
    }
}

void raise(tensor_view<const float, cpu> maxima, std::span<float> largest) {
    const auto [n, channels, rows, w] = maxima.shape();
    expect_shape("patches", "largest", {1, channels, 1, 1}, {1, std::ssize(largest), 1, 1});
    const auto together =
        maxima.layout() == layout::nhwc ? channels : channel_block(maxima.layout());
    const float* row = maxima.data();
    for (std::int64_t first = 0; first < channels; first += together)
        for (std::int64_t y = 0; y < rows; ++y, row += together)
            for (std::int64_t lane = 0; lane < std::min(together, channels - first); ++lane) {
                auto& known = largest[static_cast<std::size_t>(first + lane)];
                known = std::max(known, row[lane]);
            }
}

}  // namespace detail

template class map_search<float, cpu>;

}  // namespace impasto::insight
