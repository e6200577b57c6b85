#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <impasto/core/device.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto {

/// Owner of a device's run-time state; the first argument of every operation.
template <class Device>
class context;

struct cpu_options {
    int threads = 0;  ///< 0: as many as the machine offers
};

/// Work on a context<cpu> is finished when the call returns. Not to be used from two threads at
/// once; its thread count holds for operations called from the thread that made it.
template <>
class context<cpu> {
public:
    /// Throws option_error on a negative number of threads.
    explicit context(cpu_options options = {});
    ~context();
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    [[nodiscard]] int threads() const;

    /// What feature maps look like here: nchw16c where the processor has AVX-512, else nchw8c.
    [[nodiscard]] layout feature_layout() const;

    /// Scratch memory that the next operation may use, 64-byte aligned. Grows, never shrinks, and
    /// is shared by all operations: reserve what a loop will need and the loop allocates nothing.
    void reserve(std::size_t bytes);
    [[nodiscard]] std::size_t reserved_bytes() const;

    /// The engine's state; defined in src/cpu, for operations only.
    struct state;
    [[nodiscard]] state& get() { return *state_; }

private:
    std::unique_ptr<state> state_;
};

struct cuda_options {
    int device = 0;  ///< as nvidia-smi numbers them
};

/// One GPU and one stream on it. Operations enqueue their work and return; those that return a
/// number wait for it. Not to be used from two threads at once.
template <>
class context<cuda> {
public:
    /// Throws cuda_error, one line, where there is no driver, the driver is older than the library
    /// asks for, there is no such device, or its compute capability is below 7.5.
    explicit context(cuda_options options = {});
    ~context();
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    /// "NVIDIA H200", and the bytes that can still be allocated.
    [[nodiscard]] std::string name() const;
    [[nodiscard]] std::size_t free_bytes() const;

    /// What feature maps look like here: nhwc, as tensor cores want them.
    [[nodiscard]] layout feature_layout() const { return layout::nhwc; }

    /// Scratch memory that the next operation may use, 256-byte aligned. Grows, never shrinks, and
    /// is shared by all operations: reserve what a loop will need and the loop allocates nothing.
    void reserve(std::size_t bytes);
    [[nodiscard]] std::size_t reserved_bytes() const;

    /// Waits for all work enqueued so far; throws cuda_error if any of it failed.
    void synchronize();

    /// The engine's state; defined in kernels/core, for operations only.
    struct state;
    [[nodiscard]] state& get() { return *state_; }

private:
    std::unique_ptr<state> state_;
};

}  // namespace impasto
