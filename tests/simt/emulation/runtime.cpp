#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include <cuda_runtime.h>

#include <simt/device.hpp>
#include <simt/guarded_memory.hpp>

struct simt_graph {
    std::vector<std::function<void()>> work;
};
struct simt_stream {
    std::unique_ptr<simt_graph> recorded_into;
};
struct simt_event {
    std::chrono::steady_clock::time_point when;
};

namespace simt {

namespace {

std::size_t the_kernels_run = 0, the_kernels_waited_for = 0, the_waits = 0;
std::map<const void*, int> the_shared_memory_limits;  // of kernels that asked for more

/// Device memory by its address.
std::map<const void*, std::unique_ptr<guarded_memory>>& allocations() {
    static std::map<const void*, std::unique_ptr<guarded_memory>> all;
    return all;
}

const guarded_memory* allocation_of(const void* address) {
    auto after = allocations().upper_bound(address);
    if (after == allocations().begin())
        return nullptr;
    const auto& memory = *std::prev(after)->second;
    const auto* begin = static_cast<const char*>(memory.data());
    return static_cast<const char*>(address) < begin + memory.bytes() ? &memory : nullptr;
}

/// Whether device memory holds the range, or host memory, as a copy claims.
bool lies(bool on_device, const void* address, std::size_t bytes) {
    const auto* memory = allocation_of(address);
    if (!on_device || memory == nullptr)
        return !on_device && memory == nullptr;
    const auto* begin = static_cast<const char*>(memory->data());
    return static_cast<const char*>(address) + bytes <= begin + memory->bytes();
}

void expect_intact_memory() {
    for (const auto& [address, memory] : allocations())
        if (!memory->intact())
            throw fault("a kernel wrote outside an allocation of " +
                        std::to_string(memory->bytes()) + " bytes");
}

bool fits(const cudaLaunchConfig_t& c, const void* kernel) {
    constexpr std::size_t most_threads = 1024, granted = 48 * 1024, most_shared = 227 * 1024;
    constexpr unsigned most_yz = 65535;
    const extent block{c.blockDim.x, c.blockDim.y, c.blockDim.z};
    const extent grid{c.gridDim.x, c.gridDim.y, c.gridDim.z};
    const auto limit = the_shared_memory_limits.find(kernel);
    const std::size_t shared = limit == the_shared_memory_limits.end()
                                   ? granted
                                   : std::min<std::size_t>(most_shared, limit->second);
    return block.count() > 0 && block.count() <= most_threads && block.z <= 64 &&
           grid.count() > 0 && grid.x <= 0x7fffffffu && grid.y <= most_yz && grid.z <= most_yz &&
           c.dynamicSmemBytes <= std::max(granted, shared);
}

}  // namespace

device& the_device() {
    static device d;
    return d;
}

std::size_t allocated_bytes() {
    std::size_t bytes = 0;
    for (const auto& [address, memory] : allocations())
        bytes += memory->bytes();
    return bytes;
}

std::size_t kernels_run() {
    return the_kernels_run;
}

std::size_t times_waited() {
    return the_waits;
}

namespace {

void wait() {
    the_waits += the_kernels_run != the_kernels_waited_for;
    the_kernels_waited_for = the_kernels_run;
}

}  // namespace

void enqueue(cudaStream_t stream, std::function<void()> work) {
    if (stream != nullptr && stream->recorded_into)
        stream->recorded_into->work.push_back(std::move(work));
    else
        work();
}

cudaError_t launch(const void* kernel, const cudaLaunchConfig_t& c, std::function<void()> body) {
    if (!fits(c, kernel))
        return cudaErrorInvalidConfiguration;
    const launch_shape shape{{c.gridDim.x, c.gridDim.y, c.gridDim.z},
                             {c.blockDim.x, c.blockDim.y, c.blockDim.z},
                             c.dynamicSmemBytes};
    enqueue(c.stream, [shape, body = std::move(body)] {
        ++the_kernels_run;
        run_grid(shape, body);
        expect_intact_memory();
    });
    return cudaSuccess;
}

}  // namespace simt

using simt::the_device;

const char* cudaGetErrorName(cudaError_t status) {
    switch (status) {
        case cudaSuccess:
            return "cudaSuccess";
        case cudaErrorInvalidValue:
            return "cudaErrorInvalidValue";
        case cudaErrorMemoryAllocation:
            return "cudaErrorMemoryAllocation";
        case cudaErrorInvalidConfiguration:
            return "cudaErrorInvalidConfiguration";
        case cudaErrorInsufficientDriver:
            return "cudaErrorInsufficientDriver";
        case cudaErrorNoDevice:
            return "cudaErrorNoDevice";
        case cudaErrorInvalidDevice:
            return "cudaErrorInvalidDevice";
        case cudaErrorStreamCaptureUnsupported:
            return "cudaErrorStreamCaptureUnsupported";
        default:
            return "cudaError";
    }
}
const char* cudaGetErrorString(cudaError_t status) {
    return cudaGetErrorName(status);
}
cudaError_t cudaGetLastError() {
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
    *count = the_device().count;
    return the_device().status;
}
cudaError_t cudaSetDevice(int device) {
    return device >= 0 && device < the_device().count ? cudaSuccess : cudaErrorInvalidDevice;
}
cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    const auto& d = the_device();
    *properties = {"SIMT emulation", d.memory_bytes, 227 * 1024, 4, d.major, d.minor, 1 << 20};
    return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
    *version = the_device().driver_version;
    return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = the_device().runtime_version;
    return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
    return cudaSuccess;
}

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
    *pointer = nullptr;
    if (bytes == 0)
        return cudaSuccess;
    if (bytes > the_device().memory_bytes - simt::allocated_bytes())
        return cudaErrorMemoryAllocation;
    try {
        auto memory = std::make_unique<simt::guarded_memory>(bytes, 256);
        *pointer = memory->data();
        simt::allocations()[*pointer] = std::move(memory);
    } catch (const std::bad_alloc&) {
        return cudaErrorMemoryAllocation;
    }
    return cudaSuccess;
}
cudaError_t cudaFree(void* pointer) {
    return pointer == nullptr || simt::allocations().erase(pointer) == 1 ? cudaSuccess
                                                                         : cudaErrorInvalidValue;
}
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
    *pointer = ::operator new(bytes, std::nothrow);
    return *pointer != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaFreeHost(void* pointer) {
    ::operator delete(pointer);
    return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    *total = the_device().memory_bytes;
    *free = *total - std::min(*total, simt::allocated_bytes());
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (bytes == 0)
        return cudaSuccess;
    if (kind != cudaMemcpyDefault &&
        (!simt::lies(to_device, to, bytes) || !simt::lies(from_device, from, bytes)))
        return cudaErrorInvalidValue;
    simt::enqueue(stream, [=] { std::memcpy(to, from, bytes); });
    return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
    if (bytes == 0)
        return cudaSuccess;
    if (!simt::lies(true, to, bytes))
        return cudaErrorInvalidValue;
    simt::enqueue(stream, [=] { std::memset(to, value, bytes); });
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    *stream = new simt_stream;
    return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    delete stream;
    return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    if (stream != nullptr && stream->recorded_into)
        return cudaErrorStreamCaptureUnsupported;
    simt::wait();
    return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) {
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
    *event = new simt_event;
    return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
    return cudaEventCreate(event);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    simt::enqueue(stream, [=] { event->when = std::chrono::steady_clock::now(); });
    return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t) {
    return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
    *milliseconds = std::chrono::duration<float, std::milli>(end->when - begin->when).count();
    return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
    delete event;
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    if (stream == nullptr || stream->recorded_into)
        return cudaErrorStreamCaptureUnsupported;
    stream->recorded_into = std::make_unique<simt_graph>();
    return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    *graph = stream->recorded_into.release();
    return *graph != nullptr ? cudaSuccess : cudaErrorInvalidValue;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
    *status = stream != nullptr && stream->recorded_into ? cudaStreamCaptureStatusActive
                                                         : cudaStreamCaptureStatusNone;
    return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
    *exec = new simt_graph(*graph);
    return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
    simt::enqueue(stream, [work = exec->work] {
        for (const auto& step : work)
            step();
    });
    return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
    delete exec;
    return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
    if (attribute == cudaFuncAttributeMaxDynamicSharedMemorySize) {
        if (value > 227 * 1024)
            return cudaErrorInvalidValue;
        simt::the_shared_memory_limits[kernel] = value;
    }
    return cudaSuccess;
}
