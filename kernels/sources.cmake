# The CUDA engine. Compiled for the GPU in kernels/, and for the CPU in tests/simt.
set(IMPASTO_KERNEL_SOURCES
  core/context.cpp
  core/transfer.cpp
  gram.cu
  gram_backward_tiles.cu
  gram_error.cu
  gram_tiles.cu
  pixels.cu
  pool2d.cu
  random.cu
  relu.cu
  reorder.cu
  scalars.cpp
  squared_error.cu
  total_variation.cu
  vector.cu)
