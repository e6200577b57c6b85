#pragma once

#include <memory>

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

}  // namespace impasto
