#include <cstdint>
#include <new>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <impasto/core/device.hpp>
#include <impasto/core/error.hpp>

namespace impasto {

namespace {

constexpr std::align_val_t alignment{64};

// Whole maps are walked through at strides of many pages: with large pages the processor finds them
// without looking each one up. A wish: where it is refused, nothing is lost but time.
void ask_for_large_pages([[maybe_unused]] void* pointer, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
    constexpr std::uintptr_t page = 4096, worth_it = 1 << 22;
    if (bytes < worth_it)
        return;
    const auto begin = reinterpret_cast<std::uintptr_t>(pointer);
    const auto first = (begin + page - 1) / page * page, last = (begin + bytes) / page * page;
    madvise(static_cast<char*>(pointer) + (first - begin), last - first, MADV_HUGEPAGE);
#endif
}

}  // namespace

void* memory<cpu>::allocate(std::size_t bytes) {
    void* pointer = ::operator new(bytes, alignment, std::nothrow);
    if (pointer == nullptr)
        throw out_of_memory("cannot allocate " + std::to_string(bytes) + " bytes");
    ask_for_large_pages(pointer, bytes);
    return pointer;
}

void memory<cpu>::release(void* pointer) noexcept {
    ::operator delete(pointer, alignment);
}

}  // namespace impasto
