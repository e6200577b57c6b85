#include <impasto/ops/gram.hpp>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>

#include <cblas.h>
#include <dnnl.h>

#include "cpu/context_state.hpp"
#include "cpu/simd.hpp"

namespace impasto::ops {

namespace {

// Runs of pixels are copied to rows [pixel][channel] that stay in a core's cache; BLAS sees them as
// a C×P matrix, column by column. In a blocked layout the copy moves whole cache lines.
constexpr std::int64_t run_elements = 1 << 16;

std::int64_t pixels_per_run(std::int64_t channels) {
    return std::max<std::int64_t>(64, run_elements / channels);
}

template <int Block>
IMPASTO_INLINE void gather_blocks(tensor_view<const float, cpu> features, std::int64_t first,
                                  std::int64_t count, float* rows) {
    const auto channels = features.shape().c, pixels = features.shape().pixels();
    for (std::int64_t k = 0; k + Block <= channels; k += Block) {
        const float* plane = features.data() + k * pixels + first * Block;
        for (std::int64_t p = 0; p < count; ++p)
            std::memcpy(rows + p * channels + k, plane + p * Block, Block * sizeof(float));
    }
}

template <int Block>
IMPASTO_INLINE void scatter_blocks(const float* rows, std::int64_t first, std::int64_t count,
                                   tensor_view<float, cpu> gradient) {
    const auto channels = gradient.shape().c, pixels = gradient.shape().pixels();
    for (std::int64_t k = 0; k + Block <= channels; k += Block) {
        float* plane = gradient.data() + k * pixels + first * Block;
        for (std::int64_t p = 0; p < count; ++p)
            for (int j = 0; j < Block; ++j)
                plane[p * Block + j] += rows[p * channels + k + j];
    }
}

// The last channels of a block that is not full, or all of them of a planar map.
IMPASTO_INLINE std::int64_t rest(const shape& map, std::int64_t block) {
    return block == 1 ? 0 : map.c / block * block;
}

IMPASTO_MULTIVERSION void gather(tensor_view<const float, cpu> features, std::int64_t first,
                                 std::int64_t count, float* rows) {
    const auto channels = features.shape().c, pixels = features.shape().pixels();
    const auto block = channel_block(features.layout());
    if (block == 8)
        gather_blocks<8>(features, first, count, rows);
    else if (block == 16)
        gather_blocks<16>(features, first, count, rows);
    for (auto k = rest(features.shape(), block); k < channels; ++k) {
        const float* plane =
            features.data() + k / block * block * pixels + first * block + k % block;
        for (std::int64_t p = 0; p < count; ++p)
            rows[p * channels + k] = plane[p * block];
    }
}

IMPASTO_MULTIVERSION void scatter_add(const float* rows, std::int64_t first, std::int64_t count,
                                      tensor_view<float, cpu> gradient) {
    const auto channels = gradient.shape().c, pixels = gradient.shape().pixels();
    const auto block = channel_block(gradient.layout());
    if (block == 8)
        scatter_blocks<8>(rows, first, count, gradient);
    else if (block == 16)
        scatter_blocks<16>(rows, first, count, gradient);
    for (auto k = rest(gradient.shape(), block); k < channels; ++k) {
        float* plane = gradient.data() + k / block * block * pixels + first * block + k % block;
        for (std::int64_t p = 0; p < count; ++p)
            plane[p * block] += rows[p * channels + k];
    }
}

void check(const char* operation, tensor_view<const float, cpu> features, const shape& gram) {
    const auto c = features.shape().c;
    if (features.shape().n != 1 || features.layout() == layout::nhwc ||
        !(gram == shape{1, 1, c, c}))
        throw shape_error(std::string(operation) + ": features " + to_string(features.shape()) +
                          " and Gram matrix " + to_string(gram) + " disagree");
}

}  // namespace

void gram(context<cpu>& ctx, tensor_view<const float, cpu> features, tensor_view<float, cpu> gram) {
    check("gram", features, gram.shape());
    const auto channels = features.shape().c, pixels = features.shape().pixels();
    const auto per_run = pixels_per_run(channels), runs = (pixels + per_run - 1) / per_run;
    const auto square = channels * channels;
    const auto per_thread = square + per_run * channels;
    const int threads = ctx.threads();
    float* scratch = ctx.get().scratch_as<float>(ctx, threads * per_thread);

#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread) {
        float* sum = scratch + thread * per_thread;
        float* rows = sum + square;
        std::fill_n(sum, square, 0.0f);
        for (auto r = runs * thread / threads; r < runs * (thread + 1) / threads; ++r) {
            const auto count = std::min(per_run, pixels - r * per_run);
            gather(features, r * per_run, count, rows);
            cblas_ssyrk(CblasColMajor, CblasLower, CblasNoTrans, static_cast<int>(channels),
                        static_cast<int>(count), 1.0f, rows, static_cast<int>(channels), 1.0f, sum,
                        static_cast<int>(channels));
        }
    }
    // Column-major's lower triangle is row-major's upper one.
#pragma omp parallel for num_threads(threads)
    for (std::int64_t i = 0; i < channels; ++i)
        for (auto j = i; j < channels; ++j) {
            float sum = 0;
            for (int thread = 0; thread < threads; ++thread)
                sum += scratch[thread * per_thread + i * channels + j];
            gram.data()[i * channels + j] = gram.data()[j * channels + i] = sum;
        }
}

void gram_backward(context<cpu>& ctx, tensor_view<const float, cpu> features,
                   tensor_view<const float, cpu> d_gram, tensor_view<float, cpu> gradient) {
    check("gram_backward", features, d_gram.shape());
    expect_shape("gram_backward", "gradient", features.shape(), gradient.shape());
    const auto channels = features.shape().c, pixels = features.shape().pixels();
    const auto per_run = pixels_per_run(channels), runs = (pixels + per_run - 1) / per_run;
    const int threads = ctx.threads();
    float* scratch = ctx.get().scratch_as<float>(ctx, 2 * threads * per_run * channels);

#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread) {
        float* rows = scratch + 2 * thread * per_run * channels;
        float* products = rows + per_run * channels;
        for (auto r = runs * thread / threads; r < runs * (thread + 1) / threads; ++r) {
            const auto count = std::min(per_run, pixels - r * per_run);
            gather(features, r * per_run, count, rows);
            // oneDNN's product: it stays on one thread inside a parallel region, whatever BLAS
            // does.
            dnnl_sgemm('N', 'N', count, channels, channels, 1.0f, rows, channels, d_gram.data(),
                       channels, 0.0f, products, channels);
            scatter_add(products, r * per_run, count, gradient);
        }
    }
}

double gram_error(context<cpu>& ctx, tensor_view<const float, cpu> gram, double gram_scale,
                  tensor_view<const float, cpu> target, double d_scale,
                  tensor_view<float, cpu> d_gram) {
    expect_shape("gram_error", "target", gram.shape(), target.shape());
    if (!d_gram.empty())
        expect_shape("gram_error", "d_gram", gram.shape(), d_gram.shape());
    const auto rows = gram.shape().h, columns = gram.shape().w;
    double* sums = ctx.get().scratch_as<double>(ctx, rows);
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t i = 0; i < rows; ++i) {
        double sum = 0;
        for (auto at = i * columns; at < (i + 1) * columns; ++at) {
            const double difference = gram_scale * gram.data()[at] - target.data()[at];
            sum += difference * difference;
            if (!d_gram.empty())
                d_gram.data()[at] = static_cast<float>(d_scale * difference);
        }
        sums[i] = sum;
    }
    return std::accumulate(sums, sums + rows, 0.0);
}

std::size_t gram_scratch_bytes(const context<cpu>& ctx, const shape& features) {
    const auto run = pixels_per_run(features.c) * features.c;
    return static_cast<std::size_t>(ctx.threads() *
                                    (run + std::max(run, features.c * features.c))) *
           sizeof(float);
}

}  // namespace impasto::ops
