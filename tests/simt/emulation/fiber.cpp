#include <simt/fiber.hpp>

#include <new>

#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/detail/fcontext.hpp>

// AddressSanitizer has to be told of each change of stack; Debian's Boost does not tell it.
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, bottom, size) static_cast<void>(0)
#define __sanitizer_finish_switch_fiber(save, bottom, size) static_cast<void>(save)
#define __asan_unpoison_memory_region(address, size) static_cast<void>(0)
#endif

namespace simt {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

namespace {
const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

stack::stack() {
    void* pages = mmap(nullptr, page + bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (pages == MAP_FAILED)
        throw std::bad_alloc();
    pages_ = static_cast<char*>(pages);
    mprotect(pages_, page, PROT_NONE);
}

stack::~stack() {
    munmap(pages_, page + bytes);
}

char* stack::bottom() const {
    return pages_ + page;
}

struct fiber_entry {
    static void run(transfer_t from) {
        auto& self = *static_cast<fiber*>(from.data);
        __sanitizer_finish_switch_fiber(nullptr, &self.outer_bottom_, &self.outer_bytes_);
        self.outside_ = from.fctx;
        self.entry_(self.argument_);
        __sanitizer_start_switch_fiber(nullptr, self.outer_bottom_, self.outer_bytes_);
        jump_fcontext(self.outside_, nullptr);  // never to return
    }
};

void fiber::start(void (*entry)(void*), void* argument) {
    __asan_unpoison_memory_region(stack_.bottom(), stack::bytes);  // of one that was forgotten
    entry_ = entry;
    argument_ = argument;
    inside_ = make_fcontext(stack_.top(), stack::bytes, fiber_entry::run);
}

void fiber::resume() {
    [[maybe_unused]] void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, stack_.bottom(), stack::bytes);
    inside_ = jump_fcontext(inside_, this).fctx;
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
}

void fiber::leave() {
    [[maybe_unused]] void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, outer_bottom_, outer_bytes_);
    outside_ = jump_fcontext(outside_, nullptr).fctx;
    __sanitizer_finish_switch_fiber(fake_stack, &outer_bottom_, &outer_bytes_);
}

}  // namespace simt
