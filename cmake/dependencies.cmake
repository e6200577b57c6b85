# What impasto builds on, all from Debian's packages; third_party/README.md says what each is for.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(dnnl REQUIRED CONFIG)
if(dnnl_VERSION VERSION_LESS 2.2)  # not asked for above: oneDNN 3 would not do for 2.2
  message(FATAL_ERROR "oneDNN ${dnnl_VERSION} is too old: impasto needs 2.2 or newer")
endif()
find_path(IMPASTO_STB_INCLUDE stb/stb_image.h REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL)  # without it, impasto weights fetch says what to install
find_package(nlohmann_json 3.9 REQUIRED)
if(IMPASTO_TOOL)
  find_package(CLI11 REQUIRED)
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBEXIF REQUIRED IMPORTED_TARGET libexif)
