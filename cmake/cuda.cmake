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

# cuDNN as another engine of convolutions: its headers, for its library is opened when it is first
# needed. IMPASTO_CUDNN becomes ON or OFF here.
set(IMPASTO_CUDNN AUTO CACHE STRING
  "Build with cuDNN's convolutions beside our own: AUTO where its headers are found, ON, OFF")
set_property(CACHE IMPASTO_CUDNN PROPERTY STRINGS AUTO ON OFF)

if(IMPASTO_CUDNN AND NOT IMPASTO_CUDA AND NOT IMPASTO_CUDNN STREQUAL AUTO)
  message(FATAL_ERROR "IMPASTO_CUDNN=ON and there is no CUDA engine for it: give -DIMPASTO_CUDA=ON")
elseif(IMPASTO_CUDNN AND IMPASTO_CUDA)
  find_path(IMPASTO_CUDNN_INCLUDE cudnn_graph.h HINTS ${CUDAToolkit_INCLUDE_DIRS}
    ENV CUDNN_PATH PATH_SUFFIXES include)  # cudnn_graph.h came with cuDNN 9
  mark_as_advanced(IMPASTO_CUDNN_INCLUDE)
  if(IMPASTO_CUDNN_INCLUDE)
    set(IMPASTO_CUDNN ON)
  elseif(IMPASTO_CUDNN STREQUAL AUTO)
    set(IMPASTO_CUDNN OFF)
  else()
    message(FATAL_ERROR "IMPASTO_CUDNN=ON and the headers of cuDNN 9 are not found: install "
      "libcudnn9-dev, or give -DIMPASTO_CUDNN_INCLUDE=/path/to/include")
  endif()
endif()
