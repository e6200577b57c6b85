#pragma once

#if __has_include(<simt/block.hpp>)
#include <simt/block.hpp>
#endif

namespace support {

/// Runs a test on the emulated device with threads taking their turns in either order, in which a
/// missing barrier shows; on a GPU once.
template <class Run>
void in_every_order(Run run) {
#if __has_include(<simt/block.hpp>)
    struct backwards {
        backwards() { simt::set_order(simt::order::reversed); }
        ~backwards() { simt::set_order(simt::order::forward); }
    };
    {
        const backwards now;
        run();
    }
#endif
    run();
}

}  // namespace support
