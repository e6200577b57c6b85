# The CUDA engine. Compiled for the GPU in kernels/, and for the CPU in tests/simt.
set(IMPASTO_KERNEL_SOURCES
  core/context.cpp
  core/transfer.cpp
  random.cu
  vector.cu)
