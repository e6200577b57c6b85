#include <impasto/core/arena_plan.hpp>

#include <cstdint>
#include <random>

#include <catch2/catch.hpp>

using namespace impasto;

namespace {

struct buffer {
    std::size_t bytes;
    int first, last;
    std::size_t offset = 0;
};

std::size_t place(std::vector<buffer>& buffers) {
    arena_plan plan;
    for (std::size_t i = 0; i < buffers.size(); ++i)
        REQUIRE(plan.add(buffers[i].bytes, buffers[i].first, buffers[i].last) == i);
    plan.place();
    for (std::size_t i = 0; i < buffers.size(); ++i)
        buffers[i].offset = plan.offset(i);
    return plan.bytes();
}

bool collide(const buffer& a, const buffer& b) {
    return a.first <= b.last && b.first <= a.last && a.offset < b.offset + b.bytes &&
           b.offset < a.offset + a.bytes;
}

/// The most that any one step needs at once: no plan can do with less.
std::size_t demand(const std::vector<buffer>& buffers, int steps) {
    std::size_t most = 0;
    for (int step = 0; step < steps; ++step) {
        std::size_t sum = 0;
        for (const auto& b : buffers)
            if (b.first <= step && step <= b.last)
                sum += b.bytes;
        most = std::max(most, sum);
    }
    return most;
}

}  // namespace

TEST_CASE("no two buffers that are needed at once share memory, and little is wasted") {
    std::mt19937 random(1);
    const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
    double wasted = 0;
    for (int round = 0; round < 500; ++round) {
        const int steps = 1 + below(40), count = 1 + below(60);
        std::vector<buffer> buffers;
        for (int i = 0; i < count; ++i) {
            const int first = below(static_cast<unsigned>(steps));
            // Sizes from nothing to megabytes, as maps of a network have.
            buffers.push_back(
                {random() >> (12 + below(20)), first, std::min(steps - 1, first + below(8))});
        }
        CAPTURE(round, steps, count);
        const auto bytes = place(buffers);
        int collisions = 0;
        std::size_t end = 0;
        for (std::size_t i = 0; i < buffers.size(); ++i) {
            CHECK(buffers[i].offset % 64 == 0);
            end = std::max(end, buffers[i].offset + buffers[i].bytes);
            for (std::size_t j = 0; j < i; ++j)
                collisions += collide(buffers[i], buffers[j]);
        }
        CHECK(collisions == 0);
        CHECK(bytes >= end);
        const auto least = demand(buffers, steps);
        CHECK(bytes >= least);
        const auto aligned = static_cast<double>(least) + 256.0 * count;
        CHECK(static_cast<double>(bytes) <= 1.5 * aligned);
        wasted += static_cast<double>(bytes) / aligned - 1;
    }
    CHECK(wasted / 500 < 0.05);
}

TEST_CASE("buffers in a chain take turns in two places") {
    std::vector<buffer> buffers;
    for (int i = 0; i < 10; ++i)
        buffers.push_back({1024, i, i + 1});
    CHECK(place(buffers) == 2048);
}

TEST_CASE("a small buffer fits under a large one that is no longer needed") {
    std::vector<buffer> buffers{{4096, 0, 1}, {256, 1, 3}, {1024, 2, 3}, {2048, 3, 4}};
    CHECK(place(buffers) == 4096 + 256);
}

TEST_CASE("a plan without buffers, or with empty ones, needs no memory") {
    std::vector<buffer> none, empty{{0, 0, 5}, {0, 2, 3}};
    CHECK(place(none) == 0);
    CHECK(place(empty) == 0);
}
