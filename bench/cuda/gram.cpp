/// Gram matrices and their gradients at VGG-19's style layers for a picture of 512×512, in each
/// number format; and beside float's matrix cuBLAS's SYRK, which forms one triangle and is slower.
/// FLOP: C·(C+1)·M for the matrix, of which one triangle has to be computed, and 2·C²·M for the
/// gradient; M = H·W pixels.
#include <impasto/ops/gram.hpp>

#include "core/context_state.hpp"
#include "core/cublas.hpp"
#include "cuda/support/device.hpp"
#include "cuda/support/timer.hpp"
#include "support/bench.hpp"

namespace impasto::bench {

namespace {

double matrix_flop(const shape& map) {
    return static_cast<double>(map.c * (map.c + 1) * map.pixels());
}

template <class T>
void run_gram(benchmark::State& state, const shape& map) {
    auto& ctx = device();
    const auto features = random_map<T>(ctx, map);
    tensor<float, cuda> gram({1, 1, map.c, map.c});
    timer(ctx).run(state,
                   {.flop = matrix_flop(map), .bytes = static_cast<double>(features.bytes())},
                   [&] { ops::gram<T>(ctx, features, gram); });
}

template <class T>
void run_gram_backward(benchmark::State& state, const shape& map) {
    auto& ctx = device();
    const auto features = random_map<T>(ctx, map);
    const auto d_gram = random_pixels(ctx, {1, 1, map.c, map.c});
    auto gradient = random_map<T>(ctx, map);
    timer(ctx).run(state,
                   {.flop = 2.0 * static_cast<double>(map.c * map.c * map.pixels()),
                    .bytes = 3.0 * static_cast<double>(features.bytes())},
                   [&] { ops::gram_backward<T>(ctx, features, d_gram, gradient); });
}

void run_syrk(benchmark::State& state, const shape& map) {
    auto& ctx = device();
    const auto features = random_map<float>(ctx, map);
    tensor<float, cuda> gram({1, 1, map.c, map.c});
    const int channels = static_cast<int>(map.c), pixels = static_cast<int>(map.pixels());
    const float one = 1, zero = 0;
    timer(ctx).run(
        state, {.flop = matrix_flop(map), .bytes = static_cast<double>(features.bytes())}, [&] {
            kernels::check_cublas(
                kernels::cublas_library::get().ssyrk(
                    ctx.get().cublas(), CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, channels, pixels, &one,
                    features.data(), channels, &zero, gram.data(), channels),
                "cublasSsyrk");
        });
}

template <class T>
void add_type() {
    for (const auto& map : style_maps) {
        const auto name = std::string("/") + map.name + "/" + type_name<T>;
        const auto extents = map.extents;
        add_timed("gram" + name + "/impasto", [=](auto& state) { run_gram<T>(state, extents); });
        add_timed("gram_backward" + name + "/impasto",
                  [=](auto& state) { run_gram_backward<T>(state, extents); });
    }
}

}  // namespace

void add_benchmarks() {
    add_type<float>();
    add_type<tf32>();
    add_type<half>();
    add_type<bfloat16>();
    for (const auto& map : style_maps)
        add_timed(std::string("gram/") + map.name + "/float32/cublas_syrk",
                  [extents = map.extents](auto& state) { run_syrk(state, extents); });
}

}  // namespace impasto::bench
