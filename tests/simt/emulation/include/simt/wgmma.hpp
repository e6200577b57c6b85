#pragma once

#include <cstddef>

namespace simt {

/// Rows of 128 bytes in shared memory, in groups of eight, swizzled as kernels/core/wgmma.cuh says.
struct matrix_rows {
    const std::byte* first;
    int group_stride;
};

/// The products are formed when they are waited for, of what the operands then hold; until then
/// this thread's d is NaN. T: half, bfloat16, or float for TF32.
template <class T>
void wgmma(float* d, int columns, const matrix_rows& a, const matrix_rows& b);
void wgmma_commit();
void wgmma_wait(int groups_left);

}  // namespace simt
