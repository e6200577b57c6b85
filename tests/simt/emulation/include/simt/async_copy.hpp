#pragma once

#include <cstddef>

namespace simt {

/// The copy is made when it is waited for; until then its destination is NaN.
void copy_async(void* shared, const void* global, std::size_t bytes, bool valid);
void copy_async_commit();
void copy_async_wait(int groups_left);

}  // namespace simt
