#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

#include "core/reduce.cuh"
#include "simt/faults.hpp"

using namespace impasto::kernels;

namespace {

constexpr int threads = 96;

struct line {
    int values[threads];
};

__global__ void reverse_kernel(const int* in, int* out, bool with_barrier) {
    auto& shared = shared_memory<line>();
    const auto i = threadIdx.x;
    shared.values[i] = in[i];
    if (with_barrier)
        __syncthreads();
    out[i] = shared.values[threads - 1 - i];
}

__global__ void some_leave_kernel(unsigned leaving) {
    if (threadIdx.x < leaving)
        return;
    __syncthreads();
}

__global__ void some_shuffle_kernel() {
    if (threadIdx.x % 2 == 0)
        static_cast<void>(warp_sum(1));
    else
        __syncthreads();
}

__global__ void two_operations_kernel() {
    if (threadIdx.x % 2 == 0)
        static_cast<void>(warp_sum(1));
    else
        static_cast<void>(ballot(true));
}

__global__ void block_sum_kernel(const int* in, int* out) {
    auto& shared = shared_memory<reduction_shared<int>>();
    const int sum = block_reduce(in[threadIdx.x], shared.warps);
    if (threadIdx.x == 0)
        *out = sum;
}

std::vector<int> numbers(int count) {
    std::vector<int> v(static_cast<std::size_t>(count));
    std::iota(v.begin(), v.end(), 1);
    return v;
}

std::vector<int> reversed(bool with_barrier) {
    const auto in = numbers(threads);
    std::vector<int> out(in.size());
    faults::run(reverse_kernel, 1, threads, sizeof(line), in.data(), out.data(), with_barrier);
    return out;
}

}  // namespace

TEST_CASE("a barrier makes what one thread wrote visible to the others, in both orders") {
    const auto in = numbers(threads);
    const std::vector<int> expected(in.rbegin(), in.rend());
    CHECK(simt::run_both_orders([] { return reversed(true); }) == expected);
}

TEST_CASE("a missing barrier is caught by running both orders") {
    CHECK_THROWS_WITH(simt::run_both_orders([] { return reversed(false); }),
                      Catch::Contains("a barrier is missing"));
    simt::set_order(simt::order::forward);
}

TEST_CASE("threads that leave while others wait at a barrier are reported") {
    for (const unsigned leaving : {1u, 31u, 32u, 95u})
        CHECK_THROWS_WITH(
            faults::run(some_leave_kernel, 2, threads, 0, leaving),
            Catch::Contains("waits at a barrier that other threads have left without reaching") &&
                Catch::Contains("of block 0,0,0"));
    CHECK_NOTHROW(faults::run(some_leave_kernel, 2, threads, 0, 0u));
}

TEST_CASE("lanes that part before an operation of their warp are reported") {
    CHECK_THROWS_WITH(faults::run(some_shuffle_kernel, 1, 64, 0),
                      Catch::Contains("waits in shuffle_xor, which not all lanes"));
    CHECK_THROWS_WITH(faults::run(two_operations_kernel, 1, 64, 0),
                      Catch::Contains("is in ballot, others of its warp in shuffle_xor"));
}

TEST_CASE("after a fault the next kernel runs as if nothing had been") {
    CHECK_THROWS(faults::run(some_leave_kernel, 1, threads, 0, 1u));
    CHECK(reversed(true).front() == threads);
}

TEST_CASE("a block's sum is right for every number of warps") {
    for (int count = 32; count <= 1024; count += 32) {
        const auto in = numbers(count);
        int out = 0;
        faults::run(block_sum_kernel, 1, static_cast<unsigned>(count),
                    sizeof(reduction_shared<int>), in.data(), &out);
        CHECK(out == count * (count + 1) / 2);
    }
}
