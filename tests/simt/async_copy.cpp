#include "core/async_copy.cuh"

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "core/types.cuh"
#include "simt/faults.hpp"

using namespace impasto::kernels;

namespace {

struct stages {
    alignas(16) float values[3][4];
};

// Three copies under way; the third of nothing. How many are there after waiting for all but
// `left`?
template <int Left>
__global__ void pipeline_kernel(const float* from, float* out) {
    auto& shared = shared_memory<stages>();
    for (int i = 0; i < 3; ++i) {
        copy_async_16(shared.values[i], from + 4 * i, i < 2);
        copy_async_commit();
    }
    copy_async_wait<Left>();
    for (int i = 0; i < 12; ++i)
        out[i] = shared.values[i / 4][i % 4];
}

template <int Left>
std::vector<float> arrived() {
    alignas(16) const float from[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    std::vector<float> out(12);
    faults::run(pipeline_kernel<Left>, 1, 1, sizeof(stages), static_cast<const float*>(from),
                out.data());
    return out;
}

}  // namespace

TEST_CASE("a copy arrives when it is waited for, and not before") {
    CHECK(arrived<0>() == std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0});
    const auto all_but_one = arrived<1>();
    CHECK(all_but_one[7] == 8);
    CHECK(std::isnan(all_but_one[8]));
    CHECK(std::isnan(arrived<2>()[4]));
    CHECK(std::isnan(arrived<3>()[0]));
}
