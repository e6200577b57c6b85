#pragma once

#include <cstddef>

namespace impasto {

/// Device tags: where memory is and where operations run. The tag selects overloads at compile
/// time; a program chooses its device once, in main.
struct cpu {};
struct cuda {};

/// Allocation of memory on a device, used by tensor.
template <class Device>
struct memory;

template <>
struct memory<cpu> {
    /// Memory is 64-byte aligned, uninitialised. Throws out_of_memory, which names the bytes.
    [[nodiscard]] static void* allocate(std::size_t bytes);
    static void release(void* pointer) noexcept;
};

template <>
struct memory<cuda> {
    /// Memory of the current device, 256-byte aligned, uninitialised. Throws cuda_error, and
    /// out_of_memory, which names the requested and the free bytes.
    [[nodiscard]] static void* allocate(std::size_t bytes);
    static void release(void* pointer) noexcept;
};

}  // namespace impasto
