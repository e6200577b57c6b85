#include "core/cublas.hpp"

#include <cstdint>

#include <impasto/core/half.hpp>

struct simt_cublas {
    cudaStream_t stream = nullptr;
    cublasPointerMode_t pointers = CUBLAS_POINTER_MODE_HOST;
};

namespace {

float load(const void* values, cudaDataType type, std::int64_t i) {
    if (type == CUDA_R_16F)
        return static_cast<float>(static_cast<const impasto::half*>(values)[i]);
    if (type == CUDA_R_16BF)
        return static_cast<float>(static_cast<const impasto::bfloat16*>(values)[i]);
    return static_cast<const float*>(values)[i];
}

void store(void* values, cudaDataType type, std::int64_t i, float value) {
    if (type == CUDA_R_16F)
        static_cast<impasto::half*>(values)[i] = impasto::half(value);
    else if (type == CUDA_R_16BF)
        static_cast<impasto::bfloat16*>(values)[i] = impasto::bfloat16(value);
    else
        static_cast<float*>(values)[i] = value;
}

/// A column-major matrix, perhaps transposed.
struct operand {
    const void* values;
    cudaDataType type;
    cublasOperation_t operation;
    std::int64_t leading;

    [[nodiscard]] double at(std::int64_t row, std::int64_t column) const {
        const auto i = operation == CUBLAS_OP_N ? row + leading * column : column + leading * row;
        return static_cast<double>(load(values, type, i));
    }
};

/// A number on the host, read at the call, or on the device, read when the work is done.
class scalar {
public:
    scalar(cublasHandle_t handle, const void* at)
        : device_(handle->pointers == CUBLAS_POINTER_MODE_DEVICE ? static_cast<const float*>(at)
                                                                 : nullptr),
          host_(device_ == nullptr ? *static_cast<const float*>(at) : 0) {}
    [[nodiscard]] float value() const { return device_ != nullptr ? *device_ : host_; }

private:
    const float* device_;
    float host_;
};

struct result {
    void* values;
    cudaDataType type;
    std::int64_t leading;
};

/// c(i,j) = alpha · Σ a(i,k)·b(k,j) + beta · c(i,j), where wanted(i,j).
template <class Wanted>
void multiply(cublasHandle_t handle, std::int64_t m, std::int64_t n, std::int64_t k, scalar by,
              operand a, operand b, scalar kept, result c, Wanted wanted) {
    simt::enqueue(handle->stream, [=] {
        const float alpha = by.value(), beta = kept.value();
        for (std::int64_t j = 0; j < n; ++j)
            for (std::int64_t i = 0; i < m; ++i) {
                if (!wanted(i, j))
                    continue;
                double sum = 0;
                for (std::int64_t l = 0; l < k; ++l)
                    sum += a.at(i, l) * b.at(l, j);
                sum *= static_cast<double>(alpha);
                const auto at = i + c.leading * j;
                if (beta != 0)  // else what is there is not looked at, and may be NaN
                    sum += static_cast<double>(beta * load(c.values, c.type, at));
                store(c.values, c.type, at, static_cast<float>(sum));
            }
    });
}

}  // namespace

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
    *handle = new simt_cublas;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
    handle->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode) {
    handle->pointers = mode;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSsyrk_v2(cublasHandle_t handle, cublasFillMode_t triangle,
                              cublasOperation_t transpose, int n, int k, const float* alpha,
                              const float* a, int lda, const float* beta, float* c, int ldc) {
    const auto other = transpose == CUBLAS_OP_N ? CUBLAS_OP_T : CUBLAS_OP_N;
    multiply(handle, n, n, k, {handle, alpha}, {a, CUDA_R_32F, transpose, lda},
             {a, CUDA_R_32F, other, lda}, {handle, beta}, {c, CUDA_R_32F, ldc},
             [=](std::int64_t i, std::int64_t j) {
                 return triangle == CUBLAS_FILL_MODE_UPPER ? i <= j : i >= j;
             });
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transpose_a,
                            cublasOperation_t transpose_b, int m, int n, int k, const void* alpha,
                            const void* a, cudaDataType a_type, int lda, const void* b,
                            cudaDataType b_type, int ldb, const void* beta, void* c,
                            cudaDataType c_type, int ldc, cublasComputeType_t, cublasGemmAlgo_t) {
    multiply(handle, m, n, k, {handle, alpha}, {a, a_type, transpose_a, lda},
             {b, b_type, transpose_b, ldb}, {handle, beta}, {c, c_type, ldc},
             [](std::int64_t, std::int64_t) { return true; });
    return CUBLAS_STATUS_SUCCESS;
}

const impasto::kernels::cublas_library& impasto::kernels::cublas_library::get() {
    static const cublas_library library{
        .create = cublasCreate_v2,
        .destroy = cublasDestroy_v2,
        .set_stream = cublasSetStream_v2,
        .set_pointer_mode = cublasSetPointerMode_v2,
        .ssyrk = cublasSsyrk_v2,
        .gemm_ex = cublasGemmEx,
    };
    return library;
}
