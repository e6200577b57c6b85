#include <impasto/insight/co_occurrence.hpp>

#include <algorithm>
#include <bit>
#include <functional>
#include <string>

namespace impasto::insight {

namespace {

constexpr std::int64_t word_bits = 64;

/// Calls use(values, stride) for every row of one channel: as many values as the part has columns,
/// `stride` apart.
template <class Use>
void for_each_row(const map_part<>& part, std::int64_t channel, Use&& use) {
    const auto [n, c, h, w] = part.map.shape();
    const auto block = channel_block(part.map.layout());
    for (std::int64_t y = part.own.in_tile.first_row;
         y < part.own.in_tile.first_row + part.own.in_tile.rows; ++y)
        use(part.map.data() +
                ((channel / block * h + y) * w + part.own.in_tile.first_column) * block +
                channel % block,
            block);
}

map_part<> whole(tensor_view<const float, cpu> map) {
    return {.map = map, .own = {.in_tile = {0, 0, map.shape().h, map.shape().w}}};
}

float threshold_of(const map_part<>& part, std::int64_t channel, double share) {
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(part.own.in_tile.rows * part.own.in_tile.columns));
    for_each_row(part, channel, [&](const float* row, std::int64_t stride) {
        for (std::int64_t x = 0; x < part.own.in_tile.columns; ++x)
            values.push_back(row[x * stride]);
    });
    if (values.empty())
        return 0;
    const auto above = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size()));
    std::ranges::nth_element(values, values.begin() + above, std::greater());
    return std::max(values[static_cast<std::size_t>(above)], 0.0f);
}

}  // namespace

std::vector<float> firing_thresholds(context<cpu>& ctx, tensor_view<const float, cpu> map,
                                     double share) {
    if (!(share > 0 && share < 1))
        throw option_error("firing thresholds: a share of " + std::to_string(share) +
                           "; it must be between 0 and 1");
    const auto channels = map.shape().c;
    std::vector<float> thresholds(static_cast<std::size_t>(channels));
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t k = 0; k < channels; ++k)
        thresholds[static_cast<std::size_t>(k)] = threshold_of(whole(map), k, share);
    return thresholds;
}

co_occurrence::co_occurrence(std::vector<float> thresholds)
    : thresholds_(std::move(thresholds)), both_(thresholds_.size() * thresholds_.size()) {}

void co_occurrence::add(context<cpu>& ctx, tensor_view<const float, cpu> map) {
    add(ctx, whole(map));
}

void co_occurrence::add(context<cpu>& ctx, const map_part<>& part) {
    const auto c = channels(), positions = part.own.in_tile.rows * part.own.in_tile.columns;
    expect_shape("co-occurrence", "map", {1, c, part.map.shape().h, part.map.shape().w},
                 part.map.shape());
    const auto words = (positions + word_bits - 1) / word_bits;
    fires_.assign(static_cast<std::size_t>(c * words), 0);
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t k = 0; k < c; ++k) {
        std::int64_t bit = k * words * word_bits;
        const float threshold = thresholds_[static_cast<std::size_t>(k)];
        for_each_row(part, k, [&](const float* row, std::int64_t stride) {
            for (std::int64_t x = 0; x < part.own.in_tile.columns; ++x, ++bit)
                fires_[static_cast<std::size_t>(bit / word_bits)] |=
                    std::uint64_t{row[x * stride] > threshold} << bit % word_bits;
        });
    }
#pragma omp parallel for num_threads(ctx.threads()) schedule(static, 1)
    for (std::int64_t a = 0; a < c; ++a)
        for (std::int64_t b = a; b < c; ++b) {
            std::int64_t count = 0;
            for (std::int64_t i = 0; i < words; ++i)
                count += std::popcount(fires_[static_cast<std::size_t>(a * words + i)] &
                                       fires_[static_cast<std::size_t>(b * words + i)]);
            both_[static_cast<std::size_t>(a * c + b)] += count;
            if (a != b)
                both_[static_cast<std::size_t>(b * c + a)] += count;
        }
    positions_ += positions;
}

pair_figures co_occurrence::of(std::int64_t a, std::int64_t b) const {
    if (positions_ == 0)
        return {};
    const auto share = [&](std::int64_t i, std::int64_t j) {
        return static_cast<double>(both(i, j)) / static_cast<double>(positions_);
    };
    pair_figures f{.p_a = share(a, a), .p_b = share(b, b), .p_both = share(a, b)};
    f.p_b_given_a = f.p_a > 0 ? f.p_both / f.p_a : 0;
    f.lift = f.p_b > 0 ? f.p_b_given_a / f.p_b : 0;
    return f;
}

}  // namespace impasto::insight
