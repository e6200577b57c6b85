#include <simt/guarded_memory.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) static_cast<void>(0)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) static_cast<void>(0)
#endif

namespace simt {

guarded_memory::guarded_memory(std::size_t bytes, std::size_t alignment)
    : bytes_(bytes),
      guard_(std::max<std::size_t>(alignment, 256)),
      all_((bytes + guard_ - 1) / guard_ * guard_ + 2 * guard_),
      begin_(static_cast<unsigned char*>(std::aligned_alloc(guard_, all_))) {
    if (begin_ == nullptr)
        throw std::bad_alloc();
    data_ = begin_ + guard_;
    std::memset(begin_, mark, guard_);
    std::memset(data_ + bytes_, mark, guard_);
    poison();
    ASAN_POISON_MEMORY_REGION(begin_, guard_);
    ASAN_POISON_MEMORY_REGION(data_ + bytes_, all_ - guard_ - bytes_);
}

guarded_memory::~guarded_memory() {
    ASAN_UNPOISON_MEMORY_REGION(begin_, all_);
    std::free(begin_);
}

void guarded_memory::poison() {
    std::memset(data_, 0xff, bytes_);
}

bool guarded_memory::intact() const {
#ifdef __SANITIZE_ADDRESS__
    return true;  // it would have said so
#else
    const auto untouched = [](unsigned char c) { return c == mark; };
    return std::all_of(begin_, data_, untouched) &&
           std::all_of(data_ + bytes_, data_ + bytes_ + guard_, untouched);
#endif
}

}  // namespace simt
