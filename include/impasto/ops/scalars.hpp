#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <impasto/core/context.hpp>
#include <impasto/core/tensor.hpp>

namespace impasto::ops {

namespace detail {

// For a GPU this is pinned host memory, which kernels write asynchronously.
[[nodiscard]] inline double* allocate_scalars(context<cpu>&, std::size_t count) {
    return new double[count]();
}
[[nodiscard]] double* allocate_scalars(context<cuda>& ctx, std::size_t count);
void release_scalars(cuda, double* values) noexcept;
inline void release_scalars(cpu, const double* values) noexcept {
    delete[] values;
}

inline void wait(context<cpu>&) {}
inline void wait(context<cuda>& ctx) {
    ctx.synchronize();
}

/// Two numbers of the context's own, for operations that are waited for.
template <class Device>
[[nodiscard]] double* result_slots(context<Device>& ctx);

/// What an operation leaves in the slot that it is given.
template <class Device, class Operation>
[[nodiscard]] double waited_for(context<Device>& ctx, Operation&& operation) {
    double* const slot = result_slots(ctx);
    operation(tensor_view<double, Device>(slot, {1, 1, 1, 1}));
    wait(ctx);
    return *slot;
}

}  // namespace detail

/// Results of operations for the host, such as sums and losses. Each operation writes its slot when
/// it runs on the device; the host waits once for all of them when it reads.
template <class Device>
class scalars {
public:
    scalars() = default;
    /// All values are zero.
    scalars(context<Device>& ctx, std::size_t count)
        : values_(detail::allocate_scalars(ctx, count)), count_(count) {}
    scalars(const scalars&) = delete;
    scalars& operator=(const scalars&) = delete;
    scalars(scalars&& other) noexcept
        : values_(std::exchange(other.values_, nullptr)), count_(std::exchange(other.count_, 0)) {}
    scalars& operator=(scalars&& other) noexcept {
        std::swap(values_, other.values_);
        std::swap(count_, other.count_);
        return *this;
    }
    ~scalars() { detail::release_scalars(Device{}, values_); }

    [[nodiscard]] std::size_t size() const { return count_; }

    /// View [1,1,1,count] of the slots from `first`, as output of an operation.
    [[nodiscard]] tensor_view<double, Device> slots(std::size_t first, std::int64_t count = 1) {
        return {values_ + first, {1, 1, 1, count}};
    }

    /// Waits for all work enqueued so far, then returns all values.
    [[nodiscard]] std::span<const double> read(context<Device>& ctx) const {
        detail::wait(ctx);
        return {values_, count_};
    }

private:
    double* values_ = nullptr;
    std::size_t count_ = 0;
};

}  // namespace impasto::ops
