#include "cuda/support/matmul.hpp"

#include <vector>

#include "core/context_state.hpp"
#include "core/cublas.hpp"
#include "cuda/support/device.hpp"
#include "cuda/support/timer.hpp"

namespace impasto::bench {

namespace {

template <class T>
double measure(context<cuda>& ctx, cudaDataType type) {
    constexpr int n = 8192;
    const auto a = random_map<T>(ctx, {1, 1, n, n}, 1);
    const auto b = random_map<T>(ctx, {1, 1, n, n}, 2);
    tensor<T, cuda> c({1, 1, n, n});
    const float one = 1, zero = 0;
    const auto multiply = [&] {
        kernels::check_cublas(kernels::cublas_library::get().gemm_ex(
                                  ctx.get().cublas(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one,
                                  a.data(), type, n, b.data(), type, n, &zero, c.data(), type, n,
                                  CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
                              "cublasGemmEx");
    };
    timer clock(ctx);
    return 2.0 * n * n * n / clock.least(multiply, 20);
}

}  // namespace

double matmul_rate() {
    static const double rate = device().get().architecture() >= 80
                                   ? measure<bfloat16>(device(), CUDA_R_16BF)
                                   : measure<half>(device(), CUDA_R_16F);
    return rate;
}

}  // namespace impasto::bench
