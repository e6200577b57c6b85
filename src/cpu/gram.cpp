#include <impasto/ops/gram.hpp>

#include <algorithm>
#include <numeric>

#include "cpu/context_state.hpp"
#include "cpu/simd.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

using cpu_detail::lanes;

// Pixels that a thread takes at a time: few enough that 512 channels of them stay in its cache.
constexpr std::int64_t run_pixels = 96;

/// Channels in blocks, `plane` apart, of one run of pixels.
struct run {
    const float* features;
    std::int64_t plane, pixels;
};

// A planar map is worked on in blocks of 8, copied there and back.
std::int64_t block_of(layout l) {
    return l == layout::nchw16c ? 16 : 8;
}
std::int64_t whole_blocks(std::int64_t channels, std::int64_t block) {
    return (channels + block - 1) / block * block;
}

void to_blocks(tensor_view<const float, cpu> map, std::int64_t first, std::int64_t count,
               float* blocks) {
    std::fill_n(blocks, whole_blocks(map.shape().c, 8) * run_pixels, 0.0f);
    for (std::int64_t k = 0; k < map.shape().c; ++k)
        for (std::int64_t p = 0; p < count; ++p)
            blocks[(k / 8 * run_pixels + p) * 8 + k % 8] =
                map.data()[k * map.shape().pixels() + first + p];
}
void add_blocks(const float* blocks, std::int64_t first, std::int64_t count,
                tensor_view<float, cpu> map) {
    for (std::int64_t k = 0; k < map.shape().c; ++k)
        for (std::int64_t p = 0; p < count; ++p)
            map.data()[k * map.shape().pixels() + first + p] +=
                blocks[(k / 8 * run_pixels + p) * 8 + k % 8];
}

/// sum[i][j] += Σ F[i]·F[j] over the run's pixels: half a block of channels i from `i` on, Width
/// blocks of j from `j` on, in registers.
template <int Block, int Width>
IMPASTO_INLINE void multiply_channels(const run& r, std::int64_t i, std::int64_t j, float* sum,
                                      std::int64_t channels) {
    using vec = typename lanes<Block>::type;
    constexpr int rows = Block / 2;
    const float* const a = r.features + i / Block * r.plane + i % Block;
    const float* const b = r.features + j / Block * r.plane;
    vec total[rows][Width] = {};
    for (std::int64_t p = 0; p < r.pixels; ++p)
        for (int k = 0; k < rows; ++k)
            for (int w = 0; w < Width; ++w)
                total[k][w] +=
                    a[p * Block + k] * *reinterpret_cast<const vec*>(b + w * r.plane + p * Block);
    for (int k = 0; k < rows; ++k)
        for (int w = 0; w < Width; ++w)
            *reinterpret_cast<vec*>(sum + (i + k) * channels + j + w * Block) += total[k][w];
}

/// The upper triangle, by whole blocks.
template <int Block>
IMPASTO_INLINE void add_products(const run& r, std::int64_t channels, float* sum) {
    for (std::int64_t i = 0; i < channels; i += Block / 2) {
        auto j = i / Block * Block;
        for (; j + 2 * Block <= channels; j += 2 * Block)
            multiply_channels<Block, 2>(r, i, j, sum, channels);
        if (j < channels)
            multiply_channels<Block, 1>(r, i, j, sum, channels);
    }
}

/// gradient += F·D for Rows pixels from p on and Width blocks of channels, in registers.
template <int Block, int Rows, int Width>
IMPASTO_INLINE void multiply_pixels(const run& r, std::int64_t p, std::int64_t channels,
                                    const float* d, float* gradient, std::int64_t plane) {
    using vec = typename lanes<Block>::type;
    vec sum[Rows][Width] = {};
    for (std::int64_t c = 0; c < channels; ++c) {
        const float* f = r.features + c / Block * r.plane + p * Block + c % Block;
        for (int k = 0; k < Rows; ++k)
            for (int w = 0; w < Width; ++w)
                sum[k][w] +=
                    f[k * Block] * *reinterpret_cast<const vec*>(d + (c * Width + w) * Block);
    }
    for (int k = 0; k < Rows; ++k)
        for (int w = 0; w < Width; ++w)
            *reinterpret_cast<vec*>(gradient + w * plane + (p + k) * Block) += sum[k][w];
}

template <int Block, int Width>
IMPASTO_INLINE void multiply_panel(const run& r, std::int64_t channels, const float* d,
                                   float* gradient, std::int64_t plane) {
    constexpr int rows = Block == 16 ? 12 : 6;  // with their operands, what the registers hold
    std::int64_t p = 0;
    for (; p + rows <= r.pixels; p += rows)
        multiply_pixels<Block, rows, Width>(r, p, channels, d, gradient, plane);
    for (; p < r.pixels; ++p)
        multiply_pixels<Block, 1, Width>(r, p, channels, d, gradient, plane);
}

/// d: as pack leaves it.
template <int Block>
IMPASTO_INLINE void add_gradient(const run& r, std::int64_t channels, const float* d,
                                 float* gradient, std::int64_t plane) {
    std::int64_t o = 0;
    for (; o + Block < channels; o += 2 * Block)
        multiply_panel<Block, 2>(r, channels, d + o * channels, gradient + o / Block * plane,
                                 plane);
    if (o < channels)
        multiply_panel<Block, 1>(r, channels, d + o * channels, gradient + o / Block * plane,
                                 plane);
}

/// Columns of D by two blocks, [channel][2·Block], and a last odd block alone; zeros beyond.
void pack(context<cpu>& ctx, tensor_view<const float, cpu> d, std::int64_t block, float* packed) {
    const auto channels = d.shape().h;
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t o = 0; o < channels; o += 2 * block) {
            const auto width = o + block < channels ? 2 * block : block;
            float* to = packed + o * channels + c * width;
            const auto count = std::min(width, channels - o);
            std::copy_n(d.data() + c * channels + o, count, to);
            std::fill(to + count, to + width, 0.0f);
        }
}

IMPASTO_MULTIVERSION void add_products_8(const run& r, std::int64_t channels, float* sum) {
    add_products<8>(r, channels, sum);
}
IMPASTO_MULTIVERSION void add_products_16(const run& r, std::int64_t channels, float* sum) {
    add_products<16>(r, channels, sum);
}
IMPASTO_MULTIVERSION void add_gradient_8(const run& r, std::int64_t channels, const float* d,
                                         float* gradient, std::int64_t plane) {
    add_gradient<8>(r, channels, d, gradient, plane);
}
IMPASTO_MULTIVERSION void add_gradient_16(const run& r, std::int64_t channels, const float* d,
                                          float* gradient, std::int64_t plane) {
    add_gradient<16>(r, channels, d, gradient, plane);
}

/// Calls f(thread, first pixel, pixels) for every run of a map, each thread its share in order.
template <class F>
void for_each_run(context<cpu>& ctx, std::int64_t pixels, F&& f) {
    const int threads = ctx.threads();
    const auto runs = (pixels + run_pixels - 1) / run_pixels;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread)
        for (auto r = runs * thread / threads; r < runs * (thread + 1) / threads; ++r)
            f(thread, r * run_pixels, std::min(run_pixels, pixels - r * run_pixels));
}

}  // namespace

template <class T, class Device>
void gram(context<Device>& ctx, in_view<T, Device> features, out_view<float, Device> gram) {
    detail::expect_gram("gram", features, gram);
    const auto channels = features.shape().c, pixels = features.shape().pixels();
    const auto block = block_of(features.layout()), whole = whole_blocks(channels, block);
    const bool planar = features.layout() == layout::nchw;
    const auto per_thread = whole * (whole + run_pixels);
    const int threads = ctx.threads();
    float* scratch = ctx.get().template scratch_as<float>(ctx, threads * per_thread);
    for (int thread = 0; thread < threads; ++thread)
        std::fill_n(scratch + thread * per_thread, whole * whole, 0.0f);

    for_each_run(ctx, pixels, [&](int thread, std::int64_t first, std::int64_t count) {
        float* sum = scratch + thread * per_thread;
        run r{features.data(), pixels * block, count};
        if (planar) {
            to_blocks(features, first, count, sum + whole * whole);
            r = {sum + whole * whole, run_pixels * block, count};
        } else {
            r.features += first * block;
        }
        (block == 16 ? add_products_16 : add_products_8)(r, whole, sum);
    });
#pragma omp parallel for num_threads(threads)
    for (std::int64_t i = 0; i < channels; ++i)
        for (auto j = i; j < channels; ++j) {
            float sum = 0;
            for (int thread = 0; thread < threads; ++thread)
                sum += scratch[thread * per_thread + i * whole + j];
            gram.data()[i * channels + j] = gram.data()[j * channels + i] = sum;
        }
}

template <class T, class Device>
void gram_backward(context<Device>& ctx, in_view<T, Device> features, in_view<float, Device> d_gram,
                   out_view<T, Device> gradient) {
    detail::expect_gram_backward(features, d_gram, gradient);
    const auto channels = features.shape().c, pixels = features.shape().pixels();
    const auto block = block_of(features.layout()), whole = whole_blocks(channels, block);
    const bool planar = features.layout() == layout::nchw;
    const auto per_thread = 2 * whole * run_pixels;
    float* packed =
        ctx.get().template scratch_as<float>(ctx, whole * whole + ctx.threads() * per_thread);
    pack(ctx, d_gram, block, packed);

    for_each_run(ctx, pixels, [&](int thread, std::int64_t first, std::int64_t count) {
        if (!planar) {
            const run r{features.data() + first * block, pixels * block, count};
            (block == 16 ? add_gradient_16 : add_gradient_8)(
                r, channels, packed, gradient.data() + first * block, pixels * block);
            return;
        }
        float* blocks = packed + whole * whole + thread * per_thread;
        float* sum = blocks + whole * run_pixels;
        to_blocks(features, first, count, blocks);
        std::fill_n(sum, whole * run_pixels, 0.0f);
        add_gradient_8({blocks, run_pixels * block, count}, channels, packed, sum,
                       run_pixels * block);
        add_blocks(sum, first, count, gradient);
    });
}

template <class Device>
void gram_error(context<Device>& ctx, in_view<float, Device> gram, double gram_scale,
                in_view<float, Device> target, double d_scale, out_view<float, Device> d_gram,
                out_view<double, Device> sum) {
    detail::expect_gram_error(gram, target, d_gram, sum);
    const auto rows = gram.shape().h, columns = gram.shape().w;
    double* sums = ctx.get().template scratch_as<double>(ctx, rows);
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t i = 0; i < rows; ++i) {
        double of_row = 0;
        for (auto at = i * columns; at < (i + 1) * columns; ++at) {
            const double difference = gram_scale * gram.data()[at] - target.data()[at];
            of_row += difference * difference;
            if (!d_gram.empty())
                d_gram.data()[at] = static_cast<float>(d_scale * difference);
        }
        sums[i] = of_row;
    }
    *sum.data() = std::accumulate(sums, sums + rows, 0.0);
}

template <class Device>
std::size_t gram_scratch_bytes(const context<Device>& ctx, const shape& features) {
    const auto whole = whole_blocks(features.c, 16);
    return static_cast<std::size_t>(whole * whole * ctx.threads() +
                                    2 * whole * run_pixels * ctx.threads()) *
           sizeof(float);
}

template decltype(gram<float, cpu>) gram<float, cpu>;
template decltype(gram_backward<float, cpu>) gram_backward<float, cpu>;
template void gram_error(context<cpu>&, in_view<float, cpu>, double, in_view<float, cpu>, double,
                         out_view<float, cpu>, out_view<double, cpu>);
template std::size_t gram_scratch_bytes(const context<cpu>&, const shape&);

}  // namespace impasto::ops
