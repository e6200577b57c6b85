#include "insight/explain_impl.hpp"

#include <algorithm>
#include <cmath>

namespace impasto::insight {

namespace {

std::size_t index(std::int64_t a, std::int64_t b, std::int64_t channels) {
    return static_cast<std::size_t>(a * channels + b);
}

std::vector<double> means_of(const tensor<float, cpu>& map) {
    const auto pixels = map.shape().pixels();
    std::vector<double> means;
    for (std::int64_t k = 0; k < map.shape().c; ++k) {
        double sum = 0;
        for (std::int64_t i = 0; i < pixels; ++i)
            sum += map.data()[k * pixels + i];
        means.push_back(sum / static_cast<double>(pixels));
    }
    return means;
}

std::vector<float> peaks_of(const tensor<float, cpu>& map) {
    const auto pixels = map.shape().pixels();
    std::vector<float> peaks;
    for (std::int64_t k = 0; k < map.shape().c; ++k)
        peaks.push_back(*std::max_element(map.data() + k * pixels, map.data() + (k + 1) * pixels));
    return peaks;
}

/// From means of products and of factors. A variance that is nothing but rounding counts as none.
std::vector<float> correlation_of(const std::vector<float>& gram,
                                  const std::vector<double>& means) {
    const auto c = std::ssize(means);
    const auto at = [&](std::int64_t a, std::int64_t b) {
        return gram[index(a, b, c)] -
               means[static_cast<std::size_t>(a)] * means[static_cast<std::size_t>(b)];
    };
    std::vector<float> result(gram.size());
    for (std::int64_t a = 0; a < c; ++a)
        for (std::int64_t b = 0; b < c; ++b) {
            const bool varies =
                at(a, a) > 1e-6 * gram[index(a, a, c)] && at(b, b) > 1e-6 * gram[index(b, b, c)];
            const double r = varies ? at(a, b) / std::sqrt(at(a, a) * at(b, b)) : 0;
            result[index(a, b, c)] = static_cast<float>(std::clamp(r, -1.0, 1.0));
        }
    return result;
}

/// Clusters of channels that are merged, the most alike first, until one is left.
class linkage {
public:
    linkage(const std::vector<float>& correlation, std::int64_t channels)
        : correlation_(correlation),
          channels_(channels),
          likeness_(correlation.begin(), correlation.end()) {
        for (std::int64_t k = 0; k < channels; ++k)
            members_.push_back({k});
    }

    std::vector<std::int64_t> order() {
        for (std::int64_t merges = 1; merges < channels_; ++merges)
            merge(closest());
        return members_.empty() ? std::vector<std::int64_t>() : members_.front();
    }

private:
    double& likeness(std::int64_t a, std::int64_t b) { return likeness_[index(a, b, channels_)]; }
    std::vector<std::int64_t>& members(std::int64_t k) {
        return members_[static_cast<std::size_t>(k)];
    }

    channel_pair closest() {
        channel_pair best{-1, -1};
        for (std::int64_t a = 0; a < channels_; ++a) {
            if (members(a).empty())
                continue;
            for (std::int64_t b = a + 1; b < channels_; ++b)
                if (!members(b).empty() &&
                    (best.a < 0 || likeness(a, b) > likeness(best.a, best.b)))
                    best = {a, b};
        }
        return best;
    }

    void merge(const channel_pair& pair) {
        auto &left = members(pair.a), &right = members(pair.b);
        const auto p = static_cast<double>(left.size()), q = static_cast<double>(right.size());
        for (std::int64_t k = 0; k < channels_; ++k)
            likeness(pair.a, k) = likeness(k, pair.a) =
                (p * likeness(pair.a, k) + q * likeness(pair.b, k)) / (p + q);
        turn(left, right);
        left.insert(left.end(), right.begin(), right.end());
        right.clear();
    }

    /// So that the end of the left and the beginning of the right are the most alike.
    void turn(std::vector<std::int64_t>& left, std::vector<std::int64_t>& right) const {
        const auto meet = [&](std::int64_t a, std::int64_t b) {
            return correlation_[index(a, b, channels_)];
        };
        const float by_turn[] = {meet(left.back(), right.front()), meet(left.back(), right.back()),
                                 meet(left.front(), right.front()),
                                 meet(left.front(), right.back())};
        const auto best = std::ranges::max_element(by_turn) - by_turn;
        if (best >= 2)
            std::ranges::reverse(left);
        if (best % 2 == 1)
            std::ranges::reverse(right);
    }

    const std::vector<float>& correlation_;
    std::int64_t channels_;
    std::vector<double> likeness_;  // of clusters, by their lowest slot
    std::vector<std::vector<std::int64_t>> members_;
};

/// All pairs with a value above zero, the largest first; of equals the lower channels first.
std::vector<channel_pair> ranked(const std::vector<float>& matrix, std::int64_t channels) {
    std::vector<channel_pair> pairs;
    for (std::int64_t a = 0; a < channels; ++a)
        for (std::int64_t b = a + 1; b < channels; ++b)
            if (matrix[index(a, b, channels)] > 0)
                pairs.push_back({a, b});
    std::ranges::stable_sort(pairs, std::greater(), [&](const channel_pair& pair) {
        return matrix[index(pair.a, pair.b, channels)];
    });
    return pairs;
}

}  // namespace

explanation detail::take_apart(context<cpu>& host, const std::string& layer, tensor<float, cpu> map,
                               std::vector<float> gram, std::vector<float> thresholds) {
    auto correlation = correlation_of(gram, means_of(map));
    auto peak = peaks_of(map);
    if (thresholds.empty())
        thresholds = firing_thresholds(host, map);
    co_occurrence together(std::move(thresholds));
    together.add(host, map);
    return {layer,           std::move(map),     std::move(gram), std::move(correlation),
            std::move(peak), std::move(together)};
}

template explanation explain(context<cpu>&, const nn::network&, image::picture_view,
                             const explain_options&, std::vector<float>);

std::vector<std::int64_t> seriation(const std::vector<float>& correlation, std::int64_t channels) {
    expect_shape("seriation", "correlation", {1, 1, channels, channels},
                 {1, 1, channels, std::ssize(correlation) / std::max<std::int64_t>(1, channels)});
    return linkage(correlation, channels).order();
}

std::vector<channel_pair> strongest_pairs(const std::vector<float>& matrix, std::int64_t channels,
                                          std::int64_t count) {
    std::vector<int> used(static_cast<std::size_t>(channels));
    std::vector<channel_pair> result;
    for (const auto& pair : ranked(matrix, channels)) {
        auto &a = used[static_cast<std::size_t>(pair.a)],
             &b = used[static_cast<std::size_t>(pair.b)];
        if (std::ssize(result) == count)
            break;
        if (a >= 2 || b >= 2)
            continue;
        result.push_back(pair);
        ++a;
        ++b;
    }
    return result;
}

std::vector<channel_pair> most_different_pairs(const explanation& style, const explanation& picture,
                                               std::int64_t count) {
    if (style.layer != picture.layer || style.gram.size() != picture.gram.size())
        throw option_error("most_different_pairs: one picture is explained at " + style.layer +
                           ", the other at " + picture.layer);
    std::vector<float> difference(style.gram.size());
    for (std::size_t i = 0; i < difference.size(); ++i)
        difference[i] = std::abs(style.gram[i] - picture.gram[i]);
    auto pairs = ranked(difference, style.channels());
    pairs.resize(std::min(pairs.size(), static_cast<std::size_t>(count)));
    return pairs;
}

}  // namespace impasto::insight
