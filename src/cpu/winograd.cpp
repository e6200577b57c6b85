// F(4×4,3×3): an output tile of 4×4 from an input tile of 6×6, whose 36 numbers meet the filter's
// 36 in as many small matrix products over channels: a quarter of the direct method's
// multiplications. Each thread takes runs of tiles that stay in its cache: transform in, multiply,
// transform out.
#include "cpu/winograd.hpp"

#include <algorithm>

#include "cpu/context_state.hpp"
#include "cpu/winograd_steps.hpp"

namespace impasto::cpu_detail {

namespace {

using winograd::points;
using winograd::tile;

// Tiles a thread takes at a time: enough to amortise reading the filter, few enough for its cache.
std::int64_t tiles_per_run(const winograd_filter& filter, std::int64_t tiles, int threads) {
    constexpr std::int64_t cache_bytes = 1 << 19;
    const auto fitting = cache_bytes / (points * 4 * (filter.in + filter.out));
    const auto share = (tiles + threads - 1) / threads;
    return std::min(std::clamp<std::int64_t>(fitting, 48, 240), share);
}

std::int64_t tile_count(std::int64_t height, std::int64_t width) {
    return ((height + tile - 1) / tile) * ((width + tile - 1) / tile);
}

std::int64_t scratch_per_thread(const winograd_filter& filter, std::int64_t tiles) {
    return points * (matrix_stride(tiles, filter.in) + matrix_stride(tiles, filter.out));
}

}  // namespace

void winograd_convolve(context<cpu>& ctx, const winograd_filter& filter, std::int64_t height,
                       std::int64_t width, const winograd_source& source,
                       const winograd_target& target) {
    const auto block = channel_block(ctx.feature_layout());
    const auto tiles = tile_count(height, width);
    const int threads = ctx.threads();
    const auto per_run = tiles_per_run(filter, tiles, threads);
    const auto per_thread = scratch_per_thread(filter, per_run);
    float* scratch = ctx.get().scratch_as<float>(ctx, per_thread * threads);

#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread) {
        float* v = scratch + thread * per_thread;
        float* m = v + points * matrix_stride(per_run, filter.in);
        const auto end = tiles * (thread + 1) / threads;
        for (auto first = tiles * thread / threads; first < end; first += per_run) {
            const tile_run run{first, std::min(per_run, end - first), height, width};
            transform_input(block, run, filter.in, source, v);
            for (int p = 0; p < points; ++p)
                multiply(block, run.count, filter.in, filter.out,
                         v + p * matrix_stride(run.count, filter.in),
                         filter.u.data() + p * filter.in * filter.out,
                         m + p * matrix_stride(run.count, filter.out));
            transform_output(block, run, filter.out, m, target);
        }
    }
}

std::size_t winograd_scratch_bytes(const context<cpu>& ctx, const winograd_filter& filter,
                                   std::int64_t height, std::int64_t width) {
    if (filter.u.empty())
        return 0;
    const auto per_run = tiles_per_run(filter, tile_count(height, width), ctx.threads());
    return static_cast<std::size_t>(scratch_per_thread(filter, per_run) * ctx.threads()) *
           sizeof(float);
}

}  // namespace impasto::cpu_detail
