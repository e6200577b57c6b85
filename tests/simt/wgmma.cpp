#include "core/wgmma.cuh"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <random>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include "core/named_barrier.cuh"
#include "core/shared.cuh"
#include "simt/faults.hpp"

using namespace impasto;
using namespace impasto::kernels;

namespace {

constexpr int rows = 100, columns = 64, row_bytes = 128;

template <class T>
constexpr int depth = row_bytes / static_cast<int>(sizeof(T));

struct operands {
    alignas(1024) std::byte a[rows * row_bytes];
    alignas(1024) std::byte b[columns * row_bytes];
};

/// A matrix to shared memory, its rows swizzled.
template <class T>
__device__ void put(const T* from, int count, std::byte* to) {
    for (int i = static_cast<int>(threadIdx.x); i < count * depth<T>; i += warpgroup_size) {
        const int row = i / depth<T>, byte = i % depth<T> * static_cast<int>(sizeof(T));
        const int chunk = byte / 16 ^ (row & 7);
        std::memcpy(to + row * row_bytes + chunk * 16 + byte % 16, from + i, sizeof(T));
    }
}

/// D = A·Bᵀ of 64 rows of A: groups of eight from row `first` on, group_rows apart. Sums are
/// written without waiting, if so told.
template <class T>
__global__ void multiply_kernel(const T* a, const T* b, int first, int group_rows, bool waits,
                                float* out) {
    auto& shared = shared_memory<operands>();
    put(a, rows, shared.a);
    put(b, columns, shared.b);
    fence_for_wgmma();
    __syncthreads();
    warpgroup_sums<columns> d = {};
    wgmma_fence();
    for (int k = 0; k < row_bytes; k += 32)
        wgmma<T, columns>(
            d, describe_matrix(shared.a + first * row_bytes, group_rows * row_bytes).along_k(k),
            describe_matrix(shared.b, 8 * row_bytes).along_k(k));
    wgmma_commit();
    if (waits)
        wgmma_wait<0>();
    wgmma_pin<columns>(d);
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    for (int n = 0; n < columns / 8; ++n)
        for (int i = 0; i < 4; ++i)
            out[(warp * 16 + lane / 4 + i / 2 * 8) * columns + n * 8 + lane % 4 * 2 + i % 2] =
                d[n][i];
    if (!waits)
        wgmma_wait<0>();
}

/// Sixteenths: sums of products are exact.
template <class T>
std::vector<T> random_rows(int count, unsigned seed) {
    std::mt19937 generator(seed);
    std::vector<T> values(static_cast<std::size_t>(count * depth<T>));
    for (auto& value : values)
        value = T(static_cast<float>(static_cast<int>(generator() % 65) - 32) / 16);
    return values;
}

template <class T>
std::vector<float> product(const std::vector<T>& a, const std::vector<T>& b, int first,
                           int group_rows, bool waits = true) {
    std::vector<float> out(64 * columns);
    faults::run(multiply_kernel<T>, 1, warpgroup_size, sizeof(operands), a.data(), b.data(), first,
                group_rows, waits, out.data());
    return out;
}

template <class T>
std::vector<float> expected(const std::vector<T>& a, const std::vector<T>& b, int first,
                            int group_rows) {
    std::vector<float> out(64 * columns);
    for (int m = 0; m < 64; ++m)
        for (int n = 0; n < columns; ++n) {
            const int row = first + m / 8 * group_rows + m % 8;
            for (int k = 0; k < depth<T>; ++k)
                out[static_cast<std::size_t>(m * columns + n)] +=
                    static_cast<float>(a[static_cast<std::size_t>(row * depth<T> + k)]) *
                    static_cast<float>(b[static_cast<std::size_t>(n * depth<T> + k)]);
        }
    return out;
}

// One warp fills, the other, numbers 32 to 63, uses; `signals`: whether the first says so.
__global__ void hand_over_kernel(int* out, bool signals) {
    auto& shared = shared_memory<int[32]>();
    constexpr int full = 1;
    if (threadIdx.x < 32) {
        shared[threadIdx.x] = static_cast<int>(threadIdx.x);
        if (signals)
            barrier_arrive(full, 64);
        return;
    }
    barrier_sync(full, 64);
    out[threadIdx.x - 32] = shared[63 - threadIdx.x];
}

std::vector<int> handed_over(bool signals) {
    return simt::run_both_orders([&] {
        std::vector<int> out(32);
        faults::run(hand_over_kernel, 1, 64, sizeof(int[32]), out.data(), signals);
        return out;
    });
}

}  // namespace

TEMPLATE_TEST_CASE("a warpgroup multiplies rows that begin anywhere in the swizzle", "", float,
                   half, bfloat16) {
    const auto a = random_rows<TestType>(rows, 1), b = random_rows<TestType>(columns, 2);
    for (const int first : {0, 1, 5, 11})
        for (const int group_rows : {8, 10})
            CHECK(product(a, b, first, group_rows) == expected(a, b, first, group_rows));
}

TEST_CASE("sums that are read before a warpgroup's products are waited for are NaN") {
    const auto a = random_rows<half>(rows, 1), b = random_rows<half>(columns, 2);
    for (const float sum : product(a, b, 0, 8, false))
        REQUIRE(std::isnan(sum));
}

TEST_CASE("TF32 products ignore the last digits of their operands") {
    std::vector<float> a(static_cast<std::size_t>(rows * depth<float>), 1.0f + 0x1p-11f);
    const std::vector<float> b(static_cast<std::size_t>(columns * depth<float>), 1.0f);
    for (const float sum : product(a, b, 0, 8))
        REQUIRE(sum == depth<float>);
}

TEST_CASE("a named barrier opens when some arrive and others wait") {
    const auto out = handed_over(true);
    for (int i = 0; i < 32; ++i)
        CHECK(out[static_cast<std::size_t>(i)] == 31 - i);
    CHECK_THROWS_WITH(handed_over(false), Catch::Contains("waits at barrier 1"));
}
