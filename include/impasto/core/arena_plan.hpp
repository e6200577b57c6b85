#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace impasto {

/// Places buffers in one arena before memory is allocated; buffers share memory if no step needs
/// both. Greedy by size (Pisarchyk & Lee 2020); of equal sizes the buffer with the earlier first
/// step is placed first.
class arena_plan {
public:
    /// Adds a buffer that is in use from step `first` to step `last`, inclusive. Returns its
    /// number, the argument of offset().
    std::size_t add(std::size_t bytes, int first, int last) {
        buffers_.push_back({(bytes + alignment - 1) / alignment * alignment, first, last, 0});
        return buffers_.size() - 1;
    }

    /// Computes the offset of every buffer; call once, after all are added.
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
    /// Size of the arena in bytes.
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
