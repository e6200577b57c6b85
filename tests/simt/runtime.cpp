#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>

#include "core/launch.cuh"
#include "core/types.cuh"
#include "simt/faults.hpp"

using namespace impasto;
using namespace impasto::kernels;

namespace {

__global__ void count_kernel(int* counts) {
    const auto block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    const auto thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    ++counts[block * blockDim.x * blockDim.y * blockDim.z + thread];
}

__global__ void increment_kernel(int* value, int by) {
    *value += by;
}

}  // namespace

TEST_CASE("every thread of every block runs once, in grids of three dimensions") {
    std::vector<int> counts(2 * 3 * 4 * 5 * 2 * 3);
    launch(count_kernel, dim3(2, 3, 4), dim3(5, 2, 3), 0, nullptr, counts.data());
    CHECK(counts == std::vector<int>(counts.size(), 1));
}

TEST_CASE("a launch that CUDA refuses throws, naming the line") {
    int value = 0;
    const auto refused = [&](unsigned blocks, unsigned threads, std::size_t shared) {
        CHECK_THROWS_AS(launch(increment_kernel, blocks, threads, shared, nullptr, &value, 1),
                        cuda_error);
    };
    refused(1, 1025, 0);
    refused(0, 32, 0);
    refused(1, 32, 228 * 1024);
    CHECK_THROWS_WITH(launch(increment_kernel, 1, 0, 0, nullptr, &value, 1),
                      Catch::Contains("runtime.cpp:"));
    CHECK(value == 0);
}

TEST_CASE("more than 48 KiB of shared memory is asked for, and granted up to 227") {
    int value = 0;
    launch(increment_kernel, 1, 1, 48 * 1024 + 1, nullptr, &value, 1);
    launch(increment_kernel, 1, 1, 227 * 1024, nullptr, &value, 1);
    CHECK(value == 2);
}

TEST_CASE("a recorded graph runs when it is launched, as often as it is") {
    cudaStream_t stream = nullptr;
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    int value = 0;
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    launch(increment_kernel, 1, 3, 0, stream, &value, 2);
    CHECK(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported);
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t exec = nullptr;
    check(cudaStreamEndCapture(stream, &graph));
    check(cudaGraphInstantiate(&exec, graph, 0));
    CHECK(value == 0);
    check(cudaGraphLaunch(exec, stream));
    check(cudaGraphLaunch(exec, stream));
    CHECK(value == 12);
    cudaGraphExecDestroy(exec);
    cudaGraphDestroy(graph);
    cudaStreamDestroy(stream);
}
