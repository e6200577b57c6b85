#include <new>
#include <string>

#include <impasto/core/device.hpp>
#include <impasto/core/error.hpp>

namespace impasto {

namespace {
constexpr std::align_val_t alignment{64};
}

void* memory<cpu>::allocate(std::size_t bytes) {
    void* pointer = ::operator new(bytes, alignment, std::nothrow);
    if (pointer == nullptr)
        throw out_of_memory("cannot allocate " + std::to_string(bytes) + " bytes");
    return pointer;
}

void memory<cpu>::release(void* pointer) noexcept {
    ::operator delete(pointer, alignment);
}

}  // namespace impasto
