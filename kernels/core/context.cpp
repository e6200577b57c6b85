#include <impasto/core/context.hpp>

#include <algorithm>
#include <string>

#include <impasto/core/error.hpp>

#include "core/check.hpp"
#include "core/context_state.hpp"
#include "core/cublas.hpp"

namespace impasto {

namespace {

constexpr int oldest_architecture = 75;

std::string version(int number) {
    return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

[[noreturn]] void throw_old_driver() {
    int driver = 0, runtime = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    if (driver == 0)
        throw cuda_error("no NVIDIA driver is loaded on this machine");
    throw cuda_error("the NVIDIA driver knows CUDA up to " + version(driver) +
                     " and impasto was built with " + version(runtime) + ": update the driver");
}

int device_count() {
    int count = 0;
    const auto status = cudaGetDeviceCount(&count);
    cudaGetLastError();  // forget it: the next call is not to blame
    if (status == cudaErrorInsufficientDriver)
        throw_old_driver();
    if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0))
        throw cuda_error("there is no NVIDIA GPU that this program may use");
    if (status != cudaSuccess)
        throw cuda_error(std::string("CUDA does not start: ") + cudaGetErrorString(status));
    return count;
}

void expect_device(int device) {
    const int count = device_count();
    if (device < 0 || device >= count)
        throw cuda_error("there is no GPU number " + std::to_string(device) + "; there " +
                         (count == 1 ? "is one, number 0"
                                     : "are " + std::to_string(count) + ", numbered from 0"));
}

void expect_architecture(const cudaDeviceProp& p) {
    if (10 * p.major + p.minor < oldest_architecture)
        throw cuda_error(std::string(p.name) + " has compute capability " +
                         std::to_string(p.major) + "." + std::to_string(p.minor) +
                         "; impasto needs 7.5 (Turing) or newer");
}

template <class T>
void allocate_pinned(T*& pointer, std::size_t count) {
    void* memory = nullptr;
    kernels::check(cudaMallocHost(&memory, count * sizeof(T)));
    pointer = static_cast<T*>(memory);
}

}  // namespace

context<cuda>::context(cuda_options options) : state_(std::make_unique<state>()) {
    expect_device(options.device);
    auto& s = *state_;
    s.device = options.device;
    kernels::check(cudaSetDevice(s.device));
    kernels::check(cudaGetDeviceProperties(&s.properties, s.device));
    expect_architecture(s.properties);
    kernels::check(cudaStreamCreateWithFlags(&s.stream, cudaStreamNonBlocking));
    allocate_pinned(s.results, state::result_count);
    allocate_pinned(s.staging, state::staging_bytes);
}

context<cuda>::~context() = default;

context<cuda>::state::~state() {
    cudnn.reset();  // while there is a stream
    if (cublas_ != nullptr)
        kernels::cublas_library::get().destroy(cublas_);
    if (stream != nullptr) {
        cudaStreamSynchronize(stream);
        cudaStreamDestroy(stream);
    }
    cudaFreeHost(results);
    cudaFreeHost(staging);
}

cublasHandle_t context<cuda>::state::cublas() {
    if (cublas_ == nullptr) {
        const auto& library = kernels::cublas_library::get();
        kernels::check_cublas(library.create(&cublas_), "cublasCreate");
        kernels::check_cublas(library.set_stream(cublas_, stream), "cublasSetStream");
    }
    return cublas_;
}

std::string context<cuda>::name() const {
    return state_->properties.name;
}

std::size_t context<cuda>::free_bytes() const {
    std::size_t free = 0, total = 0;
    kernels::check(cudaMemGetInfo(&free, &total));
    return free;
}

void context<cuda>::reserve(std::size_t bytes) {
    if (bytes <= reserved_bytes())
        return;
    synchronize();  // what runs may still use what is given back
    state_->scratch = {};
    state_->scratch = tensor<std::byte, cuda>({1, 1, 1, static_cast<std::int64_t>(bytes)});
}

std::size_t context<cuda>::reserved_bytes() const {
    return state_->scratch.bytes();
}

void context<cuda>::synchronize() {
    kernels::check(cudaStreamSynchronize(state_->stream));
}

void* memory<cuda>::allocate(std::size_t bytes) {
    void* pointer = nullptr;
    const auto status = cudaMalloc(&pointer, std::max<std::size_t>(bytes, 1));
    if (status == cudaErrorMemoryAllocation) {
        cudaGetLastError();
        std::size_t free = 0, total = 0;
        cudaMemGetInfo(&free, &total);
        throw out_of_memory("cannot allocate " + std::to_string(bytes) +
                            " bytes on the GPU: " + std::to_string(free) + " of its " +
                            std::to_string(total) + " are free");
    }
    kernels::check(status);
    return pointer;
}

void memory<cuda>::release(void* pointer) noexcept {
    if (pointer != nullptr)
        cudaFree(pointer);
}

namespace kernels {

void throw_cuda_error(cudaError_t status, const std::source_location& where) {
    const std::string file = where.file_name();
    throw cuda_error(std::string("CUDA: ") + cudaGetErrorString(status) + " (" +
                     cudaGetErrorName(status) + "), at " + file.substr(file.rfind('/') + 1) + ":" +
                     std::to_string(where.line()));
}

void check_cublas(cublasStatus_t status, const char* call) {
    if (status != CUBLAS_STATUS_SUCCESS)
        throw cuda_error(std::string(call) + ": cuBLAS reports status " +
                         std::to_string(static_cast<int>(status)));
}

}  // namespace kernels

}  // namespace impasto
