#include <impasto/insight/top_patches.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "cpu/simd.hpp"

namespace impasto::insight {

namespace {

/// Largest value of each of Block channels along `columns` pixels.
template <int Block>
IMPASTO_INLINE void maxima_of_row(const float* row, std::int64_t columns, float* maxima) {
    using vec = typename cpu_detail::lanes<Block>::type;
    const auto* pixel = reinterpret_cast<const vec*>(row);
    vec best[4] = {*pixel, *pixel, *pixel, *pixel};  // independent, so that comparisons overlap
    std::int64_t x = 0;
    for (; x + 4 <= columns; x += 4)
        for (int i = 0; i < 4; ++i)
            best[i] = pixel[x + i] > best[i] ? pixel[x + i] : best[i];
    for (; x < columns; ++x)
        best[0] = pixel[x] > best[0] ? pixel[x] : best[0];
    const vec a = best[0] > best[1] ? best[0] : best[1], b = best[2] > best[3] ? best[2] : best[3];
    const vec all = a > b ? a : b;
    std::memcpy(maxima, &all, sizeof all);
}

IMPASTO_MULTIVERSION void maxima_of_8(const float* row, std::int64_t columns, float* maxima) {
    maxima_of_row<8>(row, columns, maxima);
}
IMPASTO_MULTIVERSION void maxima_of_16(const float* row, std::int64_t columns, float* maxima) {
    maxima_of_row<16>(row, columns, maxima);
}

const float* row_of(const map_part& part, std::int64_t plane, std::int64_t row) {
    const auto [n, c, h, w] = part.map.shape();
    return part.map.data() + ((plane * h + part.first_row + row) * w + part.first_column) *
                                 channel_block(part.map.layout());
}

}  // namespace

top_patches::top_patches(std::int64_t channels, std::int64_t top, per_picture positions)
    : top_(top), positions_(positions) {
    if (channels < 1 || top < 1)
        throw option_error("top patches: the " + std::to_string(top) + " best of " +
                           std::to_string(channels) + " channels; both must be at least 1");
    best_.resize(static_cast<std::size_t>(channels));
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
}

// What a value at `from` or after it must exceed. Of equals the earlier wins, so that a later one
// has to be larger, and an earlier one may be as large.
float top_patches::threshold(std::int64_t channel, unit_patch from) const {
    const auto& known = best_[static_cast<std::size_t>(channel)];
    const auto old = rival(known, from.picture);
    if (old == known.end())
        return 0;
    from.activation = old->activation;
    return precedes(from, *old) ? std::nextafter(from.activation, 0.0f) : from.activation;
}

void top_patches::add(context<cpu>& ctx, const map_part& part, std::int64_t picture) {
    const auto c = part.map.shape().c, block = channel_block(part.map.layout());
    expect_shape("top patches", "map", {1, channels(), part.map.shape().h, part.map.shape().w},
                 part.map.shape());
    if (block == 1)
        throw shape_error("top patches: the map is not in a feature layout");
    if (part.rows < 1 || part.columns < 1)
        return;
    const auto row_count = channel_blocks(c, part.map.layout()) * part.rows;
    row_maxima_.resize(static_cast<std::size_t>(row_count * block));
    const auto maxima_of = block == 16 ? maxima_of_16 : maxima_of_8;
#pragma omp parallel num_threads(ctx.threads())
    {
#pragma omp for
        for (std::int64_t i = 0; i < row_count; ++i)
            maxima_of(row_of(part, i / part.rows, i % part.rows), part.columns,
                      row_maxima_.data() + i * block);
#pragma omp for
        for (std::int64_t k = 0; k < c; ++k)
            add_channel(part, k, picture);
    }
}

// Looks at the rows whose largest value is better than what is known.
void top_patches::add_channel(const map_part& part, std::int64_t k, std::int64_t picture) {
    const auto block = channel_block(part.map.layout());
    const float* largest = row_maxima_.data() + k / block * part.rows * block + k % block;
    float bound = threshold(k, {0, picture, part.row, part.column});
    for (std::int64_t y = 0; y < part.rows; ++y) {
        if (!(largest[y * block] > bound))
            continue;
        const float* value = row_of(part, k / block, y) + k % block;
        for (std::int64_t x = 0; x < part.columns; ++x, value += block)
            if (*value > bound) {
                const unit_patch here{*value, picture, part.row + y, part.column + x};
                add(k, here);
                bound = threshold(k, here);
            }
    }
}

}  // namespace impasto::insight
