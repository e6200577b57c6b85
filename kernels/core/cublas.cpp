#include "core/cublas.hpp"

#include <array>
#include <string>

#include <dlfcn.h>

#include <impasto/core/error.hpp>

namespace impasto::kernels {

namespace {

void* open_library() {
    constexpr std::array names{"libcublas.so.13", "libcublas.so.12", "libcublas.so.11"};
    for (const char* name : names)
        if (void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL))
            return library;
    throw cuda_error(
        "cuBLAS is not found: install libcublas 13, 12 or 11, or name its folder in "
        "LD_LIBRARY_PATH");
}

template <class Function>
void find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    if (function == nullptr)
        throw cuda_error(std::string("cuBLAS has no ") + name);
}

cublas_library load() {
    void* library = open_library();  // stays open
    cublas_library f{};
    find(library, "cublasCreate_v2", f.create);
    find(library, "cublasDestroy_v2", f.destroy);
    find(library, "cublasSetStream_v2", f.set_stream);
    find(library, "cublasSetPointerMode_v2", f.set_pointer_mode);
    find(library, "cublasSsyrk_v2", f.ssyrk);
    find(library, "cublasGemmEx", f.gemm_ex);
    return f;
}

}  // namespace

const cublas_library& cublas_library::get() {
    static const cublas_library library = load();
    return library;
}

}  // namespace impasto::kernels
