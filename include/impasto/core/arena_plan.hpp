#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace impasto {

/// Places buffers in one arena before anything is allocated: two share memory where no step needs
/// both. Greedy by size, as Pisarchyk & Lee 2020, and of equals the one first that is needed first.
class arena_plan {
public:
    /// A buffer that holds its contents from step `first` to step `last`, both included. Returns
    /// its number, to ask for its offset once all are added.
    std::size_t add(std::size_t bytes, int first, int last) {
        buffers_.push_back({(bytes + alignment - 1) / alignment * alignment, first, last, 0});
        return buffers_.size() - 1;
    }

    /// Finds an offset for every buffer; call once.
    void place() {
        std::vector<std::size_t> order(buffers_.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            const auto &x = buffers_[a], &y = buffers_[b];
            return x.bytes != y.bytes ? x.bytes > y.bytes : x.first < y.first;
        });
        std::vector<buffer> placed;  // by offset
        for (const auto i : order) {
            auto& wanted = buffers_[i];
            for (const auto& other : placed)
                if (overlap(wanted, other) && wanted.offset + wanted.bytes > other.offset)
                    wanted.offset = std::max(wanted.offset, other.offset + other.bytes);
            bytes_ = std::max(bytes_, wanted.offset + wanted.bytes);
            placed.insert(std::upper_bound(
                              placed.begin(), placed.end(), wanted,
                              [](const buffer& a, const buffer& b) { return a.offset < b.offset; }),
                          wanted);
        }
    }

    [[nodiscard]] std::size_t offset(std::size_t number) const { return buffers_[number].offset; }
    /// Size of the arena.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    static constexpr std::size_t alignment = 256;

    struct buffer {
        std::size_t bytes;
        int first, last;
        std::size_t offset;
    };
    static bool overlap(const buffer& a, const buffer& b) {
        return a.first <= b.last && b.first <= a.last;
    }

    std::vector<buffer> buffers_;
    std::size_t bytes_ = 0;
};

}  // namespace impasto
