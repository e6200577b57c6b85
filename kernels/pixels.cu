#include <impasto/ops/pixels.hpp>

#include <algorithm>

#include "core/context_state.hpp"
#include "core/elementwise.hpp"
#include "core/launch.cuh"
#include "core/types.cuh"
#include "ops/checks.hpp"

// A thread owns one pixel and its three channels: of the padded input forward, of the picture
// backward. Planes are read and written along rows, so that accesses of a warp lie side by side.

namespace impasto::kernels {

namespace {

constexpr int threads = elementwise_threads;

/// The picture, and the margin around it in the network's input.
struct frame {
    int height, width, margin;
    ops::border border;
    std::int64_t channel_step, pixel_step;  // of the input: planar or interleaved
};

/// Where position i, counted from the picture's first pixel, is taken from; inside for any border.
[[nodiscard]] __device__ int source_of(ops::border kind, int i, int size) {
    if (kind == ops::border::wrap)
        return (i % size + size) % size;
    return i < 0 ? 0 : i < size ? i : size - 1;
}

template <class T>
__global__ void __launch_bounds__(threads)
    normalize_pixels_kernel(frame f, ops::pixel_transform transform, const float* pixels,
                            T* input) {
    const int width = f.width + 2 * f.margin, height = f.height + 2 * f.margin;
    const int column = static_cast<int>(blockIdx.x) * threads + static_cast<int>(threadIdx.x);
    if (column >= width)
        return;
    for (int row = static_cast<int>(blockIdx.y); row < height; row += static_cast<int>(gridDim.y)) {
        const int x = column - f.margin, y = row - f.margin;
        const bool inside = x >= 0 && x < f.width && y >= 0 && y < f.height;
        const auto from = static_cast<std::int64_t>(source_of(f.border, y, f.height)) * f.width +
                          source_of(f.border, x, f.width);
        T* to = input + (static_cast<std::int64_t>(row) * width + column) * f.pixel_step;
#pragma unroll
        for (int k = 0; k < 3; ++k) {
            const auto plane = static_cast<std::int64_t>(f.height) * f.width;
            const float value =
                inside || f.border != ops::border::zero
                    ? transform.gain[k] * pixels[transform.source[k] * plane + from] +
                          transform.offset[k]
                    : 0;
            to[k * f.channel_step] = from_float<T>(value);
        }
    }
}

/// The rows or columns of the input that are taken from pixel i of `size`.
struct span_of {
    __device__ span_of(int i, int size, const frame& f)
        : first(i + f.margin), last(i + f.margin), step(1) {
        const int end = size + 2 * f.margin - 1;
        if (f.border == ops::border::wrap) {
            step = size;
            first %= size;
            last = end;
        } else if (f.border == ops::border::replicate) {
            first = i == 0 ? 0 : first;
            last = i == size - 1 ? end : last;
        }
    }
    int first, last, step;
};

template <class T>
__global__ void __launch_bounds__(threads)
    normalize_pixels_backward_kernel(frame f, ops::pixel_transform transform, const T* d_input,
                                     float* d_pixels) {
    const int x = static_cast<int>(blockIdx.x) * threads + static_cast<int>(threadIdx.x);
    if (x >= f.width)
        return;
    const auto width = static_cast<std::int64_t>(f.width) + 2 * f.margin;
    for (int y = static_cast<int>(blockIdx.y); y < f.height; y += static_cast<int>(gridDim.y)) {
        const span_of rows(y, f.height, f), columns(x, f.width, f);
        float sum[3] = {};
        for (int row = rows.first; row <= rows.last; row += rows.step)
            for (int column = columns.first; column <= columns.last; column += columns.step) {
                const T* from = d_input + (row * width + column) * f.pixel_step;
#pragma unroll
                for (int k = 0; k < 3; ++k)
                    sum[k] += to_float(from[k * f.channel_step]);
            }
        const auto plane = static_cast<std::int64_t>(f.height) * f.width;
        const auto at = static_cast<std::int64_t>(y) * f.width + x;
#pragma unroll
        for (int k = 0; k < 3; ++k)
            d_pixels[transform.source[k] * plane + at] = transform.gain[k] * sum[k];
    }
}

frame frame_of(ops::border border, const shape& pixels, std::int64_t margin, const shape& input,
               layout input_order) {
    const bool planar = input_order == layout::nchw;
    return {.height = static_cast<int>(pixels.h),
            .width = static_cast<int>(pixels.w),
            .margin = static_cast<int>(margin),
            .border = border,
            .channel_step = planar ? input.pixels() : 1,
            .pixel_step = planar ? 1 : 3};
}

/// A thread for each pixel of a row, a line of the grid for each row, up to what a grid can have.
dim3 grid_of(const shape& s) {
    return {blocks_for(s.w), static_cast<unsigned>(std::min<std::int64_t>(s.h, 65535))};
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

template <class T, class Device>
void normalize_pixels(context<Device>& ctx, const pixel_transform& transform, border margin,
                      in_view<float, Device> pixels, out_view<T, Device> input) {
    using namespace kernels;
    const auto m = detail::expect_normalize_pixels(pixels, input);
    if (pixels.size() > 0)
        launch(normalize_pixels_kernel<stored<T>>, grid_of(input.shape()), threads, 0,
               ctx.get().stream, frame_of(margin, pixels.shape(), m, input.shape(), input.layout()),
               transform, pixels.data(), input.data());
}

template <class T, class Device>
void normalize_pixels_backward(context<Device>& ctx, const pixel_transform& transform,
                               border margin, in_view<T, Device> d_input,
                               out_view<float, Device> d_pixels) {
    using namespace kernels;
    const auto m = detail::expect_normalize_pixels_backward(d_input, d_pixels);
    if (d_pixels.size() > 0)
        launch(normalize_pixels_backward_kernel<stored<T>>, grid_of(d_pixels.shape()), threads, 0,
               ctx.get().stream,
               frame_of(margin, d_pixels.shape(), m, d_input.shape(), d_input.layout()), transform,
               d_input.data(), d_pixels.data());
}

template decltype(normalize_pixels<float, cuda>) normalize_pixels<float, cuda>;
template decltype(normalize_pixels<tf32, cuda>) normalize_pixels<tf32, cuda>;
template decltype(normalize_pixels<half, cuda>) normalize_pixels<half, cuda>;
template decltype(normalize_pixels<bfloat16, cuda>) normalize_pixels<bfloat16, cuda>;
template decltype(normalize_pixels_backward<float, cuda>) normalize_pixels_backward<float, cuda>;
template decltype(normalize_pixels_backward<tf32, cuda>) normalize_pixels_backward<tf32, cuda>;
template decltype(normalize_pixels_backward<half, cuda>) normalize_pixels_backward<half, cuda>;
template decltype(normalize_pixels_backward<bfloat16, cuda>)
    normalize_pixels_backward<bfloat16, cuda>;

}  // namespace impasto::ops
