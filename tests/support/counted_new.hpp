#pragma once

// Replaces operator new by one that counts. For one file of a test program: these are definitions.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace support {

inline std::atomic<long> allocations = 0;
/// Those of a page or more: no bookkeeping, but buffers.
inline std::atomic<long> large_allocations = 0;
/// In bytes.
inline std::atomic<std::size_t> largest_allocation = 0;

inline void* counted(std::size_t bytes,
                     std::size_t alignment = alignof(std::max_align_t)) noexcept {
    ++allocations;
    if (bytes > largest_allocation)
        largest_allocation = bytes;
    if (bytes >= 4096)
        ++large_allocations;
    return std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
}

inline void* counted_or_throw(std::size_t bytes,
                              std::size_t alignment = alignof(std::max_align_t)) {
    void* pointer = counted(bytes, alignment);
    return pointer != nullptr ? pointer : throw std::bad_alloc();
}

}  // namespace support

void* operator new(std::size_t n) {
    return support::counted_or_throw(n);
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
    return support::counted(n);
}
void* operator new(std::size_t n, std::align_val_t a) {
    return support::counted_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
    return support::counted(n, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    std::free(p);
}
