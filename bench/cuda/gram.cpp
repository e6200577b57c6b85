/// Gram matrices and their gradients at VGG-19's style layers for a picture of 512×512: of float by
/// cuBLAS's SYRK, exact and with products in TF32; of 16 bit by the split-K kernel, and beside it
/// cuBLAS's product, which forms both triangles. FLOP: C·(C+1)·M for the matrix, of which one
/// triangle has to be computed, and 2·C²·M for the gradient; M = H·W pixels.
#include <impasto/ops/gram.hpp>

#include "core/context_state.hpp"
#include "core/cublas.hpp"
#include "cuda/support/device.hpp"
#include "cuda/support/timer.hpp"
#include "support/bench.hpp"

namespace impasto::bench {

namespace {

using kernels::check_cublas;
using kernels::cublas_library;

/// cuBLAS's mode while it lives; ops::gram asks for nothing but the default.
class math_mode {
public:
    math_mode(context<cuda>& ctx, cublasMath_t mode) : ctx_(&ctx) { set(mode); }
    ~math_mode() { cublas_library::get().set_math_mode(ctx_->get().cublas(), CUBLAS_DEFAULT_MATH); }
    math_mode(const math_mode&) = delete;
    math_mode& operator=(const math_mode&) = delete;

private:
    void set(cublasMath_t mode) {
        check_cublas(cublas_library::get().set_math_mode(ctx_->get().cublas(), mode),
                     "cublasSetMathMode");
    }
    context<cuda>* ctx_;
};

double matrix_flop(const shape& map) {
    return static_cast<double>(map.c * (map.c + 1) * map.pixels());
}

template <class T>
void run_gram(benchmark::State& state, const shape& map, cublasMath_t mode) {
    auto& ctx = device();
    const math_mode here(ctx, mode);
    const auto features = random_map<T>(ctx, map);
    tensor<float, cuda> gram({1, 1, map.c, map.c});
    timer(ctx).run(state,
                   {.flop = matrix_flop(map), .bytes = static_cast<double>(features.bytes())},
                   [&] { ops::gram(ctx, features, gram); });
}

template <class T>
void run_gram_backward(benchmark::State& state, const shape& map, cublasMath_t mode) {
    auto& ctx = device();
    const math_mode here(ctx, mode);
    const auto features = random_map<T>(ctx, map);
    const auto d_gram = random_map<float>(ctx, {1, 1, map.c, map.c});
    auto gradient = random_map<T>(ctx, map);
    timer(ctx).run(state,
                   {.flop = 2.0 * static_cast<double>(map.c * map.c * map.pixels()),
                    .bytes = 3.0 * static_cast<double>(features.bytes())},
                   [&] {
                       ops::gram_backward(
                           ctx, features,
                           tensor_view<const float, cuda>(d_gram.data(), d_gram.shape()), gradient);
                   });
}

template <class T>
void run_product(benchmark::State& state, const shape& map, cudaDataType type) {
    auto& ctx = device();
    const auto features = random_map<T>(ctx, map);
    tensor<float, cuda> gram({1, 1, map.c, map.c});
    const int channels = static_cast<int>(map.c), pixels = static_cast<int>(map.pixels());
    const float one = 1, zero = 0;
    timer(ctx).run(
        state, {.flop = matrix_flop(map), .bytes = static_cast<double>(features.bytes())}, [&] {
            check_cublas(
                cublas_library::get().gemm_ex(
                    ctx.get().cublas(), CUBLAS_OP_N, CUBLAS_OP_T, channels, channels, pixels, &one,
                    features.data(), type, channels, features.data(), type, channels, &zero,
                    gram.data(), CUDA_R_32F, channels, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
                "cublasGemmEx");
        });
}

template <class T>
void add_type(const char* type, cublasMath_t mode) {
    for (const auto& map : style_maps) {
        const auto name = std::string("/") + map.name + "/" + type;
        const auto extents = map.extents;
        add_timed("gram" + name + "/impasto",
                  [=](auto& state) { run_gram<T>(state, extents, mode); });
        add_timed("gram_backward" + name + "/impasto",
                  [=](auto& state) { run_gram_backward<T>(state, extents, mode); });
    }
}

template <class T>
void add_product(cudaDataType type) {
    for (const auto& map : style_maps)
        add_timed(
            std::string("gram/") + map.name + "/" + type_name<T> + "/cublas",
            [=, extents = map.extents](auto& state) { run_product<T>(state, extents, type); });
}

}  // namespace

void add_benchmarks() {
    add_type<float>("float32", CUBLAS_DEFAULT_MATH);
    add_type<float>("tf32", CUBLAS_TF32_TENSOR_OP_MATH);
    add_type<half>("float16", CUBLAS_DEFAULT_MATH);
    add_type<bfloat16>("bfloat16", CUBLAS_DEFAULT_MATH);
    add_product<half>(CUDA_R_16F);
    add_product<bfloat16>(CUDA_R_16BF);
}

}  // namespace impasto::bench
