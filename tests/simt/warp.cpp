#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>

#include "core/warp.cuh"
#include "simt/faults.hpp"

using namespace impasto::kernels;

namespace {

struct results {
    int broadcast, exchanged, below;
    std::uint32_t odd;
    float sum;
    double wide;
};

__global__ void warp_kernel(results* out) {
    const int lane = lane_id();
    auto& mine = out[threadIdx.x];
    mine.broadcast = shuffle(10 * lane, 3);
    mine.exchanged = shuffle_xor(lane, 5);
    mine.below = shuffle_down(lane, 4);
    mine.odd = ballot(lane % 2 == 1);
    mine.sum = warp_sum(static_cast<float>(lane));
    mine.wide = shuffle_xor(0.5 * lane, 1);
}

}  // namespace

TEST_CASE("lanes read each other as CUDA says") {
    std::vector<results> out(64);
    faults::run(warp_kernel, 1, 64, 0, out.data());
    for (int i = 0; i < 64; ++i) {
        const int lane = i % 32;
        const auto& mine = out[static_cast<std::size_t>(i)];
        CHECK(mine.broadcast == 30);
        CHECK(mine.exchanged == (lane ^ 5));
        CHECK(mine.below == (lane + 4 < 32 ? lane + 4 : lane));
        CHECK(mine.odd == 0xaaaaaaaau);
        CHECK(mine.sum == 496);
        CHECK(mine.wide == 0.5 * (lane ^ 1));
    }
}
