#include <impasto/ops/losses.hpp>

#include <algorithm>

#include "core/context_state.hpp"
#include "core/launch.cuh"
#include "core/reduce.cuh"
#include "ops/checks.hpp"

// A block owns every (grid)th row of the planes, a thread every 256th pixel of such a row: it reads
// the pixel and its four neighbours, three of them from cache, and adds to the pixel's gradient.
// Squares are summed in double: two sums a block, added up by a second kernel.

namespace impasto::kernels {

namespace {

struct variation_shared {
    double horizontal[warp_size], vertical[warp_size];
};

struct planes {
    std::int64_t rows;  // of all planes
    int height, width;
    bool inner;  // without the differences along the last row and the last column
};

/// The differences of a pixel to its neighbours; zero where the border is.
struct differences {
    __device__ differences(const float* here, bool left_of, bool right_of, bool above, bool below,
                           int width)
        : left(left_of ? here[0] - here[-1] : 0),
          right(right_of ? here[1] - here[0] : 0),
          up(above ? here[0] - here[-width] : 0),
          down(below ? here[width] - here[0] : 0) {}

    float left, right, up, down;
};

/// across, down: what a difference weighs in the gradient.
__global__ void __launch_bounds__(reduction_threads)
    total_variation_kernel(planes p, const float* pixels, float across, float down, float* gradient,
                           double* partials) {
    auto& shared = shared_memory<variation_shared>();
    double horizontal = 0, vertical = 0;
    for (std::int64_t row = blockIdx.x; row < p.rows; row += gridDim.x) {
        const int y = static_cast<int>(row % p.height);
        for (int x = static_cast<int>(threadIdx.x); x < p.width; x += reduction_threads) {
            const auto at = row * p.width + x;
            const bool across_here = !(p.inner && y + 1 == p.height);
            const bool down_here = !(p.inner && x + 1 == p.width);
            const differences d(pixels + at, across_here && x > 0, across_here && x + 1 < p.width,
                                down_here && y > 0, down_here && y + 1 < p.height, p.width);
            horizontal += static_cast<double>(d.right * d.right);
            vertical += static_cast<double>(d.down * d.down);
            if (gradient != nullptr)
                gradient[at] += across * (d.left - d.right) + down * (d.up - d.down);
        }
    }
    horizontal = block_reduce(horizontal, shared.horizontal);
    vertical = block_reduce(vertical, shared.vertical);
    if (threadIdx.x == 0) {
        partials[blockIdx.x] = horizontal;
        partials[gridDim.x + blockIdx.x] = vertical;
    }
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

template <class Device>
void total_variation(context<Device>& ctx, in_view<float, Device> pixels, variation scale,
                     out_view<float, Device> gradient, out_view<double, Device> sums) {
    using namespace kernels;
    detail::expect_total_variation(pixels, gradient, sums);
    const auto& s = pixels.shape();
    const planes p{s.n * s.c * s.h, static_cast<int>(s.h), static_cast<int>(s.w), scale.inner};
    const int blocks = static_cast<int>(std::clamp<std::int64_t>(p.rows, 1, 1024));
    auto* partials = ctx.get().template scratch_as<double>(ctx, 2 * blocks);
    launch(total_variation_kernel, blocks, reduction_threads, sizeof(variation_shared),
           ctx.get().stream, p, pixels.data(), static_cast<float>(2 * scale.horizontal),
           static_cast<float>(2 * scale.vertical), gradient.data(), partials);
    kernels::finish(ctx.get().stream, partials, blocks, 2, sums.data());
}

template void total_variation(context<cuda>&, in_view<float, cuda>, variation,
                              out_view<float, cuda>, out_view<double, cuda>);

}  // namespace impasto::ops
