#pragma once

#include <cstddef>

namespace simt {

/// Memory for a stack, with a page below it that nobody may touch.
class stack {
public:
    static constexpr std::size_t bytes = 256 * 1024;

    stack();
    ~stack();
    stack(const stack&) = delete;
    stack& operator=(const stack&) = delete;

    [[nodiscard]] char* bottom() const;
    [[nodiscard]] char* top() const { return bottom() + bytes; }

private:
    char* pages_;
};

/// A function that can be left and gone on with. One that is not finished may be forgotten: what
/// lies on its stack is then not destroyed.
class fiber {
public:
    /// Begins anew: the next resume() calls entry(argument), which must not throw.
    void start(void (*entry)(void*), void* argument);
    /// Runs it until it calls leave() or returns; called from outside.
    void resume();
    /// Back to whoever called resume(); called from inside.
    void leave();

private:
    friend struct fiber_entry;

    stack stack_;
    void* inside_ = nullptr;   // where resume() goes on
    void* outside_ = nullptr;  // where leave() goes on
    void (*entry_)(void*) = nullptr;
    void* argument_ = nullptr;
    const void* outer_bottom_ = nullptr;  // the caller's stack, for AddressSanitizer
    std::size_t outer_bytes_ = 0;
};

}  // namespace simt
