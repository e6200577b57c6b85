#pragma once

#include <string>

#include <dlfcn.h>

#include <impasto/core/error.hpp>

namespace impasto::kernels {

/// A library of NVIDIA's that is opened when first needed, and stays open: null where there is
/// none.
[[nodiscard]] inline void* open_late(const char* file) {
    return dlopen(file, RTLD_NOW | RTLD_LOCAL);
}

/// Sets `function` to the one of that name. Throws cuda_error, which says whose it is ("cuBLAS"),
/// where the library has none.
template <class Function>
void find_function(void* library, const char* whose, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    if (function == nullptr)
        throw cuda_error(std::string(whose) + " has no " + name);
}

}  // namespace impasto::kernels
