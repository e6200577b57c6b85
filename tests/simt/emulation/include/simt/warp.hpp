#pragma once

#include <cstdint>
#include <type_traits>

#include <simt/block.hpp>

namespace simt {

inline constexpr int warp_size = 32;

/// Number of the running thread in its warp.
[[nodiscard]] int lane();

/// What the lanes of a warp brought to an operation: the address of each one's argument, null where
/// the block has no such lane.
using lanes = void* const[warp_size];

/// An operation of the whole warp: each lane brings its argument; the last to come calls
/// all(arguments), and then every lane goes on. Throws fault where a lane brings another operation,
/// or never comes.
[[nodiscard]] bool arrive(const char* operation, void* argument);  ///< true: the last one
[[nodiscard]] lanes& arrived();
void release_warp();

template <class Argument, class All>
void collective(const char* operation, Argument& mine, All all) {
    if (!arrive(operation, &mine))
        return;  // somebody else has done it meanwhile
    all(arrived());
    release_warp();
}

template <class T>
T shuffle(const char* operation, T value, int from) {
    static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
    struct {
        T brought, taken;
        int from;
    } mine{value, value, from & (warp_size - 1)};
    using slot = decltype(mine);
    collective(operation, mine, [](lanes& all) {
        for (void* lane : all)
            if (lane != nullptr) {
                auto& here = *static_cast<slot*>(lane);
                const void* there = all[here.from];
                if (there == nullptr)
                    throw fault("a shuffle reads a lane that the block does not have");
                here.taken = static_cast<const slot*>(there)->brought;
            }
    });
    return mine.taken;
}

[[nodiscard]] std::uint32_t ballot(bool predicate);

void warp_barrier();

}  // namespace simt
