#include "weights/kmeans.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <impasto/core/error.hpp>

namespace impasto::weights {

namespace {

constexpr std::size_t most_levels = 256;

/// Sorted numbers in groups of neighbours. A group is both narrow, at most 1/2048 of the range, and
/// small, at most 1/2048 of the numbers, so that neither a dense middle nor a long tail is coarse.
class groups {
public:
    explicit groups(std::span<const float> sorted) {
        constexpr std::size_t parts = 2048;
        const double width = (double{sorted.back()} - sorted.front()) / parts;
        const std::size_t most = std::max<std::size_t>(1, sorted.size() / parts);
        std::size_t begin = 0;
        double sum = 0, squares = 0;
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            if (i - begin == most || double{sorted[i]} - sorted[begin] > width) {
                add(i, sum, squares);
                begin = i;
            }
            sum += sorted[i];
            squares += double{sorted[i]} * sorted[i];
        }
        add(sorted.size(), sum, squares);
    }
    [[nodiscard]] std::size_t size() const { return totals_.size() - 1; }
    [[nodiscard]] double mean(std::size_t begin, std::size_t end) const {
        return (totals_[end].sum - totals_[begin].sum) /
               (totals_[end].count - totals_[begin].count);
    }
    /// The squared error of the mean in place of the numbers of these groups.
    [[nodiscard]] double cost(std::size_t begin, std::size_t end) const {
        const double n = totals_[end].count - totals_[begin].count;
        const double sum = totals_[end].sum - totals_[begin].sum;
        const double squares = totals_[end].squares - totals_[begin].squares;
        return n == 0 ? 0 : std::max(0.0, squares - sum * sum / n);
    }

private:
    /// Over all numbers before a group.
    struct total {
        double count = 0, sum = 0, squares = 0;
    };
    void add(std::size_t count, double sum, double squares) {
        totals_.push_back({static_cast<double>(count), sum, squares});
    }
    std::vector<total> totals_{{}};
};

/// The division of groups into 256 intervals with the least cost. The last interval's begin never
/// falls as the end rises, so the best begin of a middle end bounds those on both sides of it.
class best_intervals {
public:
    explicit best_intervals(const groups& of)
        : of_(of), costs_(of.size() + 1), begins_(most_levels, row(of.size() + 1)) {
        for (std::size_t end = 0; end <= of.size(); ++end)
            costs_[end] = of.cost(0, end);
        for (std::size_t level = 1; level < most_levels; ++level) {
            before_ = costs_;
            find(begins_[level], 0, of.size(), 0, of.size());
        }
    }
    /// The mean of each interval that is not empty.
    [[nodiscard]] std::vector<double> means() const {
        std::vector<double> found;
        std::size_t end = of_.size();
        for (std::size_t level = most_levels; level-- > 0;) {
            const std::size_t begin = level == 0 ? 0 : begins_[level][end];
            if (end > begin)
                found.push_back(of_.mean(begin, end));
            end = begin;
        }
        std::ranges::reverse(found);
        return found;
    }

private:
    using row = std::vector<std::uint16_t>;

    /// For the ends first..last, whose best begins are among low..high.
    void find(row& begins, std::size_t first, std::size_t last, std::size_t low, std::size_t high) {
        const std::size_t middle = (first + last) / 2;
        double least = INFINITY;
        for (std::size_t begin = low; begin <= std::min(high, middle); ++begin)
            if (const double cost = before_[begin] + of_.cost(begin, middle); cost < least) {
                least = cost;
                begins[middle] = static_cast<std::uint16_t>(begin);
            }
        costs_[middle] = least;
        if (first < middle)
            find(begins, first, middle - 1, low, begins[middle]);
        if (middle < last)
            find(begins, middle + 1, last, begins[middle], high);
    }

    const groups& of_;
    std::vector<double> costs_, before_;
    std::vector<row> begins_;
};

/// Lloyd's iteration over sorted numbers: a level's numbers lie between the middles to its
/// neighbours, and sums of running totals give their mean.
class lloyd {
public:
    explicit lloyd(std::span<const float> sorted)
        : sorted_(sorted), levels_(best_intervals(groups(sorted)).means()), sums_{0} {
        sums_.reserve(sorted.size() + 1);
        for (const float value : sorted)
            sums_.push_back(sums_.back() + value);
        ends_.resize(levels_.size());
    }

    std::vector<double> run() {
        constexpr int most_iterations = 10'000;
        for (int i = 0; i < most_iterations && assign(); ++i)
            move();
        return levels_;
    }

private:
    /// Whether any number changes its level.
    bool assign() {
        bool changed = false;
        for (std::size_t k = 0; k < levels_.size(); ++k) {
            const bool last = k + 1 == levels_.size();
            const double middle = last ? INFINITY : (levels_[k] + levels_[k + 1]) / 2;
            const auto end = static_cast<std::size_t>(
                std::upper_bound(sorted_.begin(), sorted_.end(), middle) - sorted_.begin());
            changed |= end != ends_[k];
            ends_[k] = end;
        }
        return changed;
    }
    /// A level without numbers stays where it is.
    void move() {
        std::size_t begin = 0;
        for (std::size_t k = 0; k < levels_.size(); begin = ends_[k++])
            if (ends_[k] > begin)
                levels_[k] =
                    (sums_[ends_[k]] - sums_[begin]) / static_cast<double>(ends_[k] - begin);
    }

    std::span<const float> sorted_;
    std::vector<double> levels_, sums_;
    std::vector<std::size_t> ends_;
};

std::uint8_t nearest(std::span<const float> palette, float value) {
    const auto above = std::ranges::lower_bound(palette, value);
    auto found = static_cast<std::size_t>(above - palette.begin());
    if (found == palette.size() ||
        (found > 0 && value - palette[found - 1] <= palette[found] - value))
        --found;
    return static_cast<std::uint8_t>(found);
}

}  // namespace

palette_of_values make_palette(std::span<const float> values) {
    if (values.empty())
        throw option_error("make_palette: there are no values; give at least one");
    std::vector<float> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    palette_of_values result;
    std::ranges::unique_copy(sorted, std::back_inserter(result.palette));
    if (result.palette.size() > most_levels) {
        const auto levels = lloyd(sorted).run();
        result.palette.assign(levels.begin(), levels.end());
    }
    double difference = 0, norm = 0;
    for (const float value : values) {
        result.indices.push_back(nearest(result.palette, value));
        difference += std::pow(double{value} - result.palette[result.indices.back()], 2);
        norm += double{value} * value;
    }
    result.error = norm == 0 ? 0 : std::sqrt(difference / norm);
    return result;
}

}  // namespace impasto::weights
