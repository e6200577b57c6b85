#include <impasto/ops/gram.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>

#include <impasto/core/error.hpp>

#include "core/context_state.hpp"
#include "core/cublas.hpp"
#include "core/elementwise.hpp"
#include "core/launch.cuh"
#include "core/reduce.cuh"
#include "core/shared.cuh"
#include "core/types.cuh"
#include "ops/checks.hpp"

// G = FᵀF and F·D are products of cuBLAS, which sums in float whatever the map is made of. A map
// [pixels][channels] is to BLAS a matrix of channels × pixels, column by column. Its SYRK, which
// forms one triangle, does not share pixels out among multiprocessors and loses to its GEMM by far
// (bench_cuda_gram); so one triangle is thrown away, and mirrored from the other, to be symmetric
// to the last bit.

namespace impasto::kernels {

namespace {

constexpr int side = 32, lines = 8;

struct mirror_shared {
    float values[side][side + 1];  // one word too long, so that columns meet no bank conflict
};

/// Row-major. A block owns a tile of 32×32 of the upper triangle and writes its transpose.
__global__ void __launch_bounds__(side* lines) mirror_kernel(int size, float* matrix) {
    auto& tile = shared_memory<mirror_shared>();
    if (blockIdx.x < blockIdx.y)
        return;
    const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
    const int left = static_cast<int>(blockIdx.x) * side, top = static_cast<int>(blockIdx.y) * side;
    for (int i = y; i < side; i += lines)
        if (top + i < size && left + x < size)
            tile.values[i][x] = matrix[static_cast<std::int64_t>(top + i) * size + left + x];
    __syncthreads();
    for (int i = y; i < side; i += lines)
        if (left + i < size && top + x < size && left + i > top + x)
            matrix[static_cast<std::int64_t>(left + i) * size + top + x] = tile.values[x][i];
}

template <class T>
constexpr cudaDataType blas_type = CUDA_R_32F;
template <>
constexpr cudaDataType blas_type<half> = CUDA_R_16F;
template <>
constexpr cudaDataType blas_type<bfloat16> = CUDA_R_16BF;

template <class T>
constexpr cublasComputeType_t compute_type = CUBLAS_COMPUTE_32F;
template <>
constexpr cublasComputeType_t compute_type<tf32> = CUBLAS_COMPUTE_32F_FAST_TF32;

template <class T>
void form(context<cuda>& ctx, ops::in_view<T, cuda> features, tensor_view<float, cuda> gram) {
    const int channels = static_cast<int>(features.shape().c);
    const int pixels = static_cast<int>(index_of("gram", features.shape().pixels()));
    const float one = 1, zero = 0;
    check_cublas(
        cublas_library::get().gemm_ex(
            ctx.get().cublas(), CUBLAS_OP_N, CUBLAS_OP_T, channels, channels, pixels, &one,
            features.data(), blas_type<T>, channels, features.data(), blas_type<T>, channels, &zero,
            gram.data(), CUDA_R_32F, channels, compute_type<T>, CUBLAS_GEMM_DEFAULT),
        "cublasGemmEx");
    const auto tiles = static_cast<unsigned>(ceil_div(channels, side));
    launch(mirror_kernel, dim3(tiles, tiles), dim3(side, lines), sizeof(mirror_shared),
           ctx.get().stream, channels, gram.data());
}

/// cuBLAS looks for factors on the device while this lives, whatever becomes of the call.
class factors_on_device {
public:
    explicit factors_on_device(context<cuda>& ctx) : handle_(ctx.get().cublas()) {
        check_cublas(cublas_library::get().set_pointer_mode(handle_, CUBLAS_POINTER_MODE_DEVICE),
                     "cublasSetPointerMode");
    }
    ~factors_on_device() {
        cublas_library::get().set_pointer_mode(handle_, CUBLAS_POINTER_MODE_HOST);
    }
    factors_on_device(const factors_on_device&) = delete;
    factors_on_device& operator=(const factors_on_device&) = delete;

private:
    cublasHandle_t handle_;
};

/// gradient += factors[0]·F·D, with factors[1] = 1, both of them on the device or on the host as
/// the handle's mode says.
template <class T>
void add_product(context<cuda>& ctx, ops::in_view<T, cuda> features, const stored<T>* d,
                 const float* factors, ops::out_view<T, cuda> gradient) {
    const int channels = static_cast<int>(features.shape().c);
    const int pixels = static_cast<int>(index_of("gram_backward", features.shape().pixels()));
    check_cublas(cublas_library::get().gemm_ex(ctx.get().cublas(), CUBLAS_OP_N, CUBLAS_OP_N,
                                               channels, pixels, channels, factors, d, blas_type<T>,
                                               channels, features.data(), blas_type<T>, channels,
                                               factors + 1, gradient.data(), blas_type<T>, channels,
                                               compute_type<T>, CUBLAS_GEMM_DEFAULT),
                 "cublasGemmEx");
}

/// D in T, of which half wants it near the upper end of its range: elements of D are differences of
/// Gram matrices times a small factor, most of them below half's smallest number. factors[0] takes
/// the power of two back again.
template <class T>
struct narrowed {
    static constexpr int threads = 1024;
    static constexpr int share = std::is_same_v<T, half> ? 8 : 2;  // elements of a thread

    [[nodiscard]] static std::size_t bytes(std::int64_t elements) {
        return factor_bytes + static_cast<std::size_t>(elements) * sizeof(T);
    }
    static constexpr std::size_t factor_bytes = 256;  // what follows is aligned as cuBLAS likes it
};

/// Each block looks at all of D for the largest element, and writes its own part.
template <class T>
__global__ void __launch_bounds__(narrowed<T>::threads)
    narrow_kernel(int count, const float* d, T* narrow, float* factors) {
    auto& shared = shared_memory<reduction_shared<float>>();
    float scale = 1;
    if constexpr (std::is_same_v<T, half>) {
        constexpr int target = 14;  // of the largest element's exponent, of 15
        float largest = 0;
        for (int i = static_cast<int>(threadIdx.x); i < count; i += narrowed<T>::threads)
            largest = larger{}(largest, fabsf(d[i]));
        largest = block_reduce<larger>(largest, shared.warps);
        if (threadIdx.x == 0) {
            const bool usual = largest > 0 && largest < 3e38f;
            shared.warps[0] = usual ? ldexpf(1, target - ilogbf(largest)) : 1;
        }
        __syncthreads();
        scale = shared.warps[0];
    }
    const int first = static_cast<int>(blockIdx.x) * narrowed<T>::threads * narrowed<T>::share;
    for (int k = 0; k < narrowed<T>::share; ++k) {
        const int i = first + k * narrowed<T>::threads + static_cast<int>(threadIdx.x);
        if (i < count)
            narrow[i] = from_float<T>(d[i] * scale);
    }
    if (blockIdx.x == 0 && threadIdx.x == 0) {
        factors[0] = 1 / scale;
        factors[1] = 1;
    }
}

template <class T>
void add_gradient(context<cuda>& ctx, ops::in_view<T, cuda> features,
                  tensor_view<const float, cuda> d_gram, ops::out_view<T, cuda> gradient) {
    if constexpr (std::is_same_v<stored<T>, float>) {
        const float ones[] = {1, 1};
        add_product<T>(ctx, features, d_gram.data(), ones, gradient);
    } else {
        const int count = static_cast<int>(d_gram.size());
        auto* scratch = ctx.get().scratch_as<std::byte>(
            ctx, static_cast<std::int64_t>(narrowed<T>::bytes(count)));
        auto* factors = reinterpret_cast<float*>(scratch);
        auto* narrow = reinterpret_cast<T*>(scratch + narrowed<T>::factor_bytes);
        launch(narrow_kernel<T>, ceil_div(count, narrowed<T>::threads * narrowed<T>::share),
               narrowed<T>::threads, sizeof(reduction_shared<float>), ctx.get().stream, count,
               d_gram.data(), narrow, factors);
        const factors_on_device here(ctx);
        add_product<T>(ctx, features, narrow, factors, gradient);
    }
}

/// Tensor cores know bfloat16 from sm_80 on.
template <class T>
void expect_type(context<cuda>& ctx, const char* operation) {
    if (std::is_same_v<T, bfloat16> && ctx.get().architecture() < 80)
        throw cuda_error(std::string(operation) + ": bfloat16 needs compute capability 8.0, and " +
                         ctx.name() + " has less: take float16");
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

template <class T, class Device>
void gram(context<Device>& ctx, in_view<T, Device> features, out_view<float, Device> gram) {
    kernels::expect_type<T>(ctx, "gram");
    detail::expect_gram("gram", features, gram);
    kernels::form<T>(ctx, features, gram);
}

template <class T, class Device>
void gram_backward(context<Device>& ctx, in_view<T, Device> features, in_view<float, Device> d_gram,
                   out_view<T, Device> gradient) {
    kernels::expect_type<T>(ctx, "gram_backward");
    detail::expect_gram_backward(features, d_gram, gradient);
    kernels::add_gradient<T>(ctx, features, d_gram, gradient);
}

template <class Device>
std::size_t gram_scratch_bytes(const context<Device>&, const shape& features) {
    return kernels::narrowed<half>::bytes(features.c * features.c);
}

template decltype(gram<float, cuda>) gram<float, cuda>;
template decltype(gram<tf32, cuda>) gram<tf32, cuda>;
template decltype(gram<half, cuda>) gram<half, cuda>;
template decltype(gram<bfloat16, cuda>) gram<bfloat16, cuda>;
template decltype(gram_backward<float, cuda>) gram_backward<float, cuda>;
template decltype(gram_backward<tf32, cuda>) gram_backward<tf32, cuda>;
template decltype(gram_backward<half, cuda>) gram_backward<half, cuda>;
template decltype(gram_backward<bfloat16, cuda>) gram_backward<bfloat16, cuda>;
template std::size_t gram_scratch_bytes(const context<cuda>&, const shape&);

}  // namespace impasto::ops
