#include <cmath>
#include <cstdint>

#include <catch2/catch.hpp>

#include <simt/device.hpp>

#include <impasto/core/tensor.hpp>

#include "core/types.cuh"
#include "simt/faults.hpp"

using namespace impasto;
using namespace impasto::kernels;

namespace {

struct tile {
    float values[50];
};

__global__ void write_shared_kernel(int index) {
    float* values = shared_memory<tile>().values;
    values[index] = 1;
}

__global__ void write_global_kernel(float* values, std::int64_t index) {
    values[index] = 1;
}

__global__ void read_shared_kernel(float* out) {
    out[blockIdx.x] = shared_memory<tile>().values[7];
    shared_memory<tile>().values[7] = 1;
}

__global__ void load_kernel(const float* from) {
    static_cast<void>(load_vec16(from));
}

bool shared_write_is_caught(int index) {
    return faults::is_caught([=] { faults::run(write_shared_kernel, 1, 1, sizeof(tile), index); });
}

bool global_write_is_caught(std::int64_t size, std::int64_t index) {
    const tensor<float, cuda> memory({1, 1, 1, size});
    auto* values = const_cast<float*>(memory.data());
    return faults::is_caught([=] { faults::run(write_global_kernel, 1, 1, 0, values, index); });
}

}  // namespace

TEST_CASE("a write outside shared memory is caught, one element off") {
    CHECK_FALSE(shared_write_is_caught(0));
    CHECK_FALSE(shared_write_is_caught(49));
    CHECK(shared_write_is_caught(50));
    CHECK(shared_write_is_caught(-1));
}

TEST_CASE("a write outside device memory is caught, one element off") {
    for (const std::int64_t size : {1, 3, 64, 1001}) {
        CHECK_FALSE(global_write_is_caught(size, size - 1));
        CHECK(global_write_is_caught(size, size));
        CHECK(global_write_is_caught(size, -1));
    }
}

TEST_CASE("a kernel that wants more shared memory than its launch gave is told") {
    CHECK_THROWS_WITH(
        faults::run(write_shared_kernel, 1, 1, sizeof(tile) - 1, 0),
        Catch::Contains("wants 200 bytes of shared memory and was launched with 199"));
}

TEST_CASE("memory that nobody has written reads as NaN, in every block") {
    float out[3] = {};
    faults::run(read_shared_kernel, 3, 1, sizeof(tile), out);
    for (const float value : out)
        CHECK(std::isnan(value));

    const tensor<float, cuda> device({1, 1, 1, 9});
    for (int i = 0; i < 9; ++i)
        CHECK(std::isnan(device.data()[i]));
    CHECK(std::isnan(static_cast<float>(half::from_bits(0xffff))));
    CHECK(std::isnan(static_cast<float>(bfloat16::from_bits(0xffff))));
}

TEST_CASE("sixteen bytes from an odd address are refused") {
    const tensor<float, cuda> memory({1, 1, 1, 8});
    CHECK_NOTHROW(faults::run(load_kernel, 1, 1, 0, memory.data() + 4));
    CHECK_THROWS_WITH(faults::run(load_kernel, 1, 1, 0, memory.data() + 1),
                      Catch::Contains("takes 16 bytes from an address that is no multiple"));
}

TEST_CASE("copies are held against the memory that there is") {
    tensor<float, cuda> device({1, 1, 1, 8});
    float host[16] = {};
    CHECK(cudaMemcpyAsync(device.data(), host, 32, cudaMemcpyHostToDevice) == cudaSuccess);
    CHECK(cudaMemcpyAsync(device.data(), host, 33, cudaMemcpyHostToDevice) ==
          cudaErrorInvalidValue);
    CHECK(cudaMemcpyAsync(host, device.data(), 32, cudaMemcpyHostToDevice) ==
          cudaErrorInvalidValue);
    CHECK(cudaMemcpyAsync(host, device.data(), 64, cudaMemcpyDeviceToHost) ==
          cudaErrorInvalidValue);
}
