#pragma once

#include <cstddef>

namespace impasto {

/// Where memory lives and work runs. The tag picks the overload at compile time;
/// a program picks its device once, in main.
struct cpu {};
struct cuda {};

/// Allocation on a device; what tensor and arena are built on.
template <class Device>
struct memory;

template <>
struct memory<cpu> {
    /// 64-byte aligned and not initialised. Throws out_of_memory, naming the bytes.
    [[nodiscard]] static void* allocate(std::size_t bytes);
    static void release(void* pointer) noexcept;
};

template <>
struct memory<cuda> {
    /// On the current device, 256-byte aligned and not initialised. Throws out_of_memory, naming
    /// the bytes and what is free, and cuda_error.
    [[nodiscard]] static void* allocate(std::size_t bytes);
    static void release(void* pointer) noexcept;
};

}  // namespace impasto
