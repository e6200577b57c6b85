#pragma once

#include <cuda_runtime.h>

/// A warpgroup, 128 threads, in a kernel for sm_90a.
namespace impasto::kernels {

inline constexpr int warpgroup_size = 128;

/// Gives this warpgroup Registers for each of its threads, a multiple of 8: more than the kernel
/// started with, once others have given up as many (then it waits for them), or fewer.
template <int Registers>
__device__ void take_registers() {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(Registers));
#endif
}
template <int Registers>
__device__ void keep_registers() {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(Registers));
#endif
}

}  // namespace impasto::kernels
