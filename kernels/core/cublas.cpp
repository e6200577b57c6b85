#include "core/cublas.hpp"

#include <array>

#include <impasto/core/error.hpp>

#include "core/late_library.hpp"

namespace impasto::kernels {

namespace {

void* open_library() {
    constexpr std::array names{"libcublas.so.13", "libcublas.so.12", "libcublas.so.11"};
    for (const char* name : names)
        if (void* library = open_late(name))
            return library;
    throw cuda_error(
        "cuBLAS is not found: install libcublas 13, 12 or 11, or name its folder in "
        "LD_LIBRARY_PATH");
}

cublas_library load() {
    void* library = open_library();
    const auto find = [&](const char* name, auto& function) {
        find_function(library, "cuBLAS", name, function);
    };
    cublas_library f{};
    find("cublasCreate_v2", f.create);
    find("cublasDestroy_v2", f.destroy);
    find("cublasSetStream_v2", f.set_stream);
    find("cublasSetPointerMode_v2", f.set_pointer_mode);
    find("cublasSsyrk_v2", f.ssyrk);
    find("cublasGemmEx", f.gemm_ex);
    return f;
}

}  // namespace

const cublas_library& cublas_library::get() {
    static const cublas_library library = load();
    return library;
}

}  // namespace impasto::kernels
