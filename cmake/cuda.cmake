# Whether the CUDA engine is built, and for which GPUs. IMPASTO_CUDA becomes ON or OFF here.
set(IMPASTO_CUDA AUTO CACHE STRING "Build the CUDA engine: AUTO where nvcc is found, ON, OFF")
set_property(CACHE IMPASTO_CUDA PROPERTY STRINGS AUTO ON OFF)

if(IMPASTO_CUDA)
  find_program(IMPASTO_NVCC nvcc HINTS ENV CUDACXX ENV CUDA_HOME ENV CUDA_PATH
    PATHS /usr/local/cuda PATH_SUFFIXES bin)
  mark_as_advanced(IMPASTO_NVCC)
  if(CMAKE_CUDA_COMPILER OR IMPASTO_NVCC)
    if(NOT CMAKE_CUDA_COMPILER)
      set(CMAKE_CUDA_COMPILER ${IMPASTO_NVCC})
    endif()
    # Turing to Blackwell; and PTX of the last, for what is yet to come.
    set(CMAKE_CUDA_ARCHITECTURES "75-real;80-real;86-real;89-real;90a-real;120"
      CACHE STRING "GPUs to compile for")
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    set(IMPASTO_CUDA ON)
  elseif(IMPASTO_CUDA STREQUAL AUTO)
    message(STATUS "nvcc is not found: impasto is built for the CPU alone")
    set(IMPASTO_CUDA OFF)
  else()
    message(FATAL_ERROR "IMPASTO_CUDA=ON and nvcc is not found: put it in PATH, or give "
      "-DCMAKE_CUDA_COMPILER=/path/to/nvcc")
  endif()
endif()
