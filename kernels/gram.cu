#include <impasto/ops/gram.hpp>

#include <string>
#include <type_traits>

#include <impasto/core/error.hpp>

#include "core/context_state.hpp"
#include "core/cublas.hpp"
#include "core/elementwise.hpp"
#include "core/launch.cuh"
#include "core/shared.cuh"
#include "gram_tiles.hpp"

// Gram matrices of float maps are cuBLAS's SYRK, one triangle, which a kernel mirrors; the gradient
// is its GEMM. A map [pixels][channels] is to BLAS a matrix F of channels × pixels, column by
// column. 16-bit maps go to our own kernels: cuBLAS has no SYRK for them.

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

void expect_map(const char* operation, const shape& features, layout order, const shape& gram) {
    expect_layout(operation, "features", layout::nhwc, order);
    if (features.n != 1 || !(gram == shape{1, 1, features.c, features.c}))
        throw shape_error(std::string(operation) + ": features " + to_string(features) +
                          " and Gram matrix " + to_string(gram) + " disagree");
}

void form(context<cuda>& ctx, tensor_view<const float, cuda> features,
          tensor_view<float, cuda> gram) {
    const int channels = static_cast<int>(features.shape().c);
    const int pixels = static_cast<int>(index_of("gram", features.shape().pixels()));
    const float one = 1, zero = 0;
    // Column-major's lower triangle is row-major's upper one.
    check_cublas(cublas_library::get().ssyrk(ctx.get().cublas(), CUBLAS_FILL_MODE_LOWER,
                                             CUBLAS_OP_N, channels, pixels, &one, features.data(),
                                             channels, &zero, gram.data(), channels),
                 "cublasSsyrk");
    const auto tiles = static_cast<unsigned>(ceil_div(channels, side));
    launch(mirror_kernel, dim3(tiles, tiles), dim3(side, lines), sizeof(mirror_shared),
           ctx.get().stream, channels, gram.data());
}

template <class T>
void form(context<cuda>& ctx, tensor_view<const T, cuda> features, tensor_view<float, cuda> gram) {
    const gram_plan plan(features.shape().c, features.shape().pixels());
    auto* partials = ctx.get().scratch_as<float>(ctx, plan.partial_elements());
    gram_by_tiles(ctx.get().stream, plan, features.data(), partials, gram.data());
}

void add_gradient(context<cuda>& ctx, tensor_view<const float, cuda> features,
                  tensor_view<const float, cuda> d_gram, tensor_view<float, cuda> gradient) {
    const int channels = static_cast<int>(features.shape().c);
    const int pixels = static_cast<int>(index_of("gram_backward", features.shape().pixels()));
    const float one = 1;
    check_cublas(
        cublas_library::get().sgemm(ctx.get().cublas(), CUBLAS_OP_N, CUBLAS_OP_N, channels, pixels,
                                    channels, &one, d_gram.data(), channels, features.data(),
                                    channels, &one, gradient.data(), channels),
        "cublasSgemm");
}

template <class T>
void add_gradient(context<cuda>& ctx, tensor_view<const T, cuda> features,
                  tensor_view<const float, cuda> d_gram, tensor_view<T, cuda> gradient) {
    const bool has_tf32 = ctx.get().architecture() >= 80;
    if constexpr (std::is_same_v<T, half>)
        if (!has_tf32)
            return gram_backward_plain(ctx.get().stream, static_cast<int>(features.shape().c),
                                       features.shape().pixels(), features.data(), d_gram.data(),
                                       gradient.data());
    gram_backward_by_tiles(ctx.get().stream, static_cast<int>(features.shape().c),
                           features.shape().pixels(), features.data(), d_gram.data(),
                           gradient.data());
}

/// Tensor cores know bfloat16 from sm_80 on.
template <class T>
void expect_type(context<cuda>& ctx, const char* operation) {
    if (std::is_same_v<T, bfloat16> && ctx.get().architecture() < 80)
        throw cuda_error(std::string(operation) + ": bfloat16 needs compute capability 8.0, and " +
                         ctx.name() + " has less: take float16");
}

template <class T>
void forward(context<cuda>& ctx, tensor_view<const T, cuda> features,
             tensor_view<float, cuda> gram) {
    expect_type<T>(ctx, "gram");
    expect_map("gram", features.shape(), features.layout(), gram.shape());
    form(ctx, features, gram);
}

template <class T>
void backward(context<cuda>& ctx, tensor_view<const T, cuda> features,
              tensor_view<const float, cuda> d_gram, tensor_view<T, cuda> gradient) {
    expect_type<T>(ctx, "gram_backward");
    expect_map("gram_backward", features.shape(), features.layout(), d_gram.shape());
    expect_shape("gram_backward", "gradient", features.shape(), gradient.shape());
    expect_layout("gram_backward", "gradient", features.layout(), gradient.layout());
    add_gradient(ctx, features, d_gram, gradient);
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

void gram(context<cuda>& ctx, tensor_view<const float, cuda> features,
          tensor_view<float, cuda> gram) {
    kernels::forward(ctx, features, gram);
}
void gram(context<cuda>& ctx, tensor_view<const half, cuda> features,
          tensor_view<float, cuda> gram) {
    kernels::forward(ctx, features, gram);
}
void gram(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
          tensor_view<float, cuda> gram) {
    kernels::forward(ctx, features, gram);
}

void gram_backward(context<cuda>& ctx, tensor_view<const float, cuda> features,
                   tensor_view<const float, cuda> d_gram, tensor_view<float, cuda> gradient) {
    kernels::backward(ctx, features, d_gram, gradient);
}
void gram_backward(context<cuda>& ctx, tensor_view<const half, cuda> features,
                   tensor_view<const float, cuda> d_gram, tensor_view<half, cuda> gradient) {
    kernels::backward(ctx, features, d_gram, gradient);
}
void gram_backward(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
                   tensor_view<const float, cuda> d_gram, tensor_view<bfloat16, cuda> gradient) {
    kernels::backward(ctx, features, d_gram, gradient);
}

std::size_t gram_scratch_bytes(const context<cuda>&, const shape& features) {
    const kernels::gram_plan plan(features.c, features.pixels());
    return static_cast<std::size_t>(plan.partial_elements()) * sizeof(float);
}

}  // namespace impasto::ops
