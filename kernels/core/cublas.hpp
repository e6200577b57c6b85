#pragma once

#include <cublas_v2.h>

namespace impasto::kernels {

/// The functions of cuBLAS that impasto calls. The library is looked for when one is first needed,
/// so that a program on impasto starts on machines that have none.
struct cublas_library {
    decltype(&::cublasCreate_v2) create;
    decltype(&::cublasDestroy_v2) destroy;
    decltype(&::cublasSetStream_v2) set_stream;
    decltype(&::cublasSetPointerMode_v2) set_pointer_mode;
    decltype(&::cublasSsyrk_v2) ssyrk;  ///< for bench_cuda_gram alone
    cublasStatus_t (*gemm_ex)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int m, int n,
                              int k, const void* alpha, const void* a, cudaDataType, int lda,
                              const void* b, cudaDataType, int ldb, const void* beta, void* c,
                              cudaDataType, int ldc, cublasComputeType_t, cublasGemmAlgo_t);

    /// Throws cuda_error where there is no cuBLAS 11, 12 or 13.
    [[nodiscard]] static const cublas_library& get();
};

/// Throws cuda_error, naming the call, unless it succeeded.
void check_cublas(cublasStatus_t status, const char* call);

}  // namespace impasto::kernels
