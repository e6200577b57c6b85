#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <impasto/core/device.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto {

/// Owns the run-time state of a device; the first argument of every operation.
template <class Device>
class context;

struct cpu_options {
    int threads = 0;  ///< 0: as many as the machine has
};

/// Operations on a context<cpu> are complete when they return. Not thread-safe; its number of
/// threads applies to operations that are called from the thread that created it.
template <>
class context<cpu> {
public:
    /// Throws option_error on a negative number of threads.
    explicit context(cpu_options options = {});
    ~context();
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    [[nodiscard]] int threads() const;

    /// Layout of feature maps: nchw16c if the processor has AVX-512, else nchw8c.
    [[nodiscard]] layout feature_layout() const;

    /// Reserves scratch memory, 64-byte aligned, that all operations share. It grows and never
    /// shrinks: if the largest amount is reserved before a loop, the loop allocates nothing.
    void reserve(std::size_t bytes);
    [[nodiscard]] std::size_t reserved_bytes() const;

    /// The state of the engine, defined in src/cpu; for operations only.
    struct state;
    [[nodiscard]] state& get() { return *state_; }

private:
    std::unique_ptr<state> state_;
};

struct cuda_options {
    int device = 0;  ///< number of the GPU, as in nvidia-smi
};

/// One GPU and one stream on it. Operations enqueue their work and return; those that return a
/// number wait for it. Not thread-safe.
template <>
class context<cuda> {
public:
    /// Throws cuda_error if there is no driver or device, the driver is older than the library
    /// requires, or the compute capability of the device is below 7.5.
    explicit context(cuda_options options = {});
    ~context();
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    /// Name of the GPU, such as "NVIDIA H200", and the bytes that can still be allocated.
    [[nodiscard]] std::string name() const;
    [[nodiscard]] std::size_t free_bytes() const;

    /// Layout of feature maps: nhwc, which tensor cores require.
    [[nodiscard]] layout feature_layout() const { return layout::nhwc; }

    /// Reserves scratch memory, 256-byte aligned, that all operations share. It grows and never
    /// shrinks: if the largest amount is reserved before a loop, the loop allocates nothing.
    void reserve(std::size_t bytes);
    [[nodiscard]] std::size_t reserved_bytes() const;

    /// Waits for all work enqueued so far; throws cuda_error if any of it failed.
    void synchronize();

    /// The state of the engine, defined in kernels/core; for operations only.
    struct state;
    [[nodiscard]] state& get() { return *state_; }

private:
    std::unique_ptr<state> state_;
};

}  // namespace impasto
