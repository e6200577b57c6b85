#include <simt/async_copy.hpp>

#include <cstring>
#include <utility>

#include <simt/block.hpp>

namespace simt {

void copy_async(void* shared, const void* global, std::size_t bytes, bool valid) {
    expect_aligned(shared, bytes);
    if (valid)
        expect_aligned(global, bytes);
    std::memset(shared, 0xff, bytes);
    this_threads_copies().open.push_back({shared, global, bytes, valid});
}

void copy_async_commit() {
    auto& copies = this_threads_copies();
    copies.groups.push_back(std::exchange(copies.open, {}));
}

void copy_async_wait(int groups_left) {
    auto& groups = this_threads_copies().groups;
    while (groups.size() > static_cast<std::size_t>(groups_left)) {
        for (const auto& copy : groups.front())
            if (copy.valid)
                std::memcpy(copy.to, copy.from, copy.bytes);
            else
                std::memset(copy.to, 0, copy.bytes);
        groups.pop_front();
    }
}

}  // namespace simt
