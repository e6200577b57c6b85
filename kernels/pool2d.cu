#include <impasto/ops/pool2d.hpp>

#include <algorithm>

#include "core/context_state.hpp"
#include "core/elementwise.hpp"
#include "core/launch.cuh"
#include "core/octet.cuh"
#include "ops/checks.hpp"

// A thread owns eight channels of one window: forward it reads the window's four pixels and writes
// one, backward it reads one and writes four. A block is 256 such threads along one row of windows.
// Nothing is shared. Where an element of the result was comes from the argmax, two bits of it.

namespace impasto::kernels {

namespace {

using ops::pooling;

constexpr int threads = elementwise_threads;

struct pool_shape {
    int height, width, channels;
    int out_height, out_width;
    int octets;  // of a pixel's channels, rounded up to whole words of the argmax
};

[[nodiscard]] __device__ float at_first_maximum(const float (&x)[4], unsigned& which) {
    const bool right_of_top = x[1] > x[0], right_of_bottom = x[3] > x[2];
    const float top = right_of_top ? x[1] : x[0], bottom = right_of_bottom ? x[3] : x[2];
    which = bottom > top ? 2u + right_of_bottom : static_cast<unsigned>(right_of_top);
    return bottom > top ? bottom : top;
}

[[nodiscard]] __device__ float pool_one(pooling kind, const float (&x)[4], unsigned& which) {
    if (kind == pooling::max)
        return at_first_maximum(x, which);
    if (kind == pooling::average)
        return 0.25f * ((x[0] + x[1]) + (x[2] + x[3]));
    return sqrtf(x[0] * x[0] + x[1] * x[1] + (x[2] * x[2] + x[3] * x[3]));
}

template <class T>
__global__ void __launch_bounds__(threads)
    pool2d_kernel(pool_shape s, int rows, pooling kind, float scale, const stored<T>* input,
                  stored<T>* output, std::uint16_t* argmax) {
    const unsigned at = blockIdx.x * threads + threadIdx.x;
    const octet_place place(at, s.octets, s.channels);
    if (place.pixel >= static_cast<unsigned>(s.out_width))
        return;
    const std::int64_t row_size = static_cast<std::int64_t>(s.width) * s.channels;
    const std::int64_t x = 2 * static_cast<std::int64_t>(place.pixel) * s.channels + place.channel;
    for (int row = static_cast<int>(blockIdx.y); row < rows; row += static_cast<int>(gridDim.y)) {
        const int image = row / s.out_height, y = row - image * s.out_height;
        const stored<T>* above =
            input + (static_cast<std::int64_t>(image) * s.height + 2 * y) * row_size;
        const octet a = load_octet(above + x, place.count);
        const octet b = load_octet(above + x + s.channels, place.count);
        const octet c = load_octet(above + row_size + x, place.count);
        const octet d = load_octet(above + row_size + x + s.channels, place.count);
        octet result;
        unsigned bits = 0;
#pragma unroll
        for (int i = 0; i < octet::size; ++i) {
            unsigned which = 0;
            result[i] =
                to_float(to_stored<T>(scale * pool_one(kind, {a[i], b[i], c[i], d[i]}, which)));
            bits |= which << (2 * i);
        }
        store_octet(
            output + static_cast<std::int64_t>(row) * s.out_width * s.channels + place.first,
            result, place.count);
        if (argmax != nullptr)
            argmax[static_cast<std::int64_t>(row) * s.out_width * s.octets + at] =
                static_cast<std::uint16_t>(bits);
    }
}

/// What the backward pass reads; what the kind does not use may be null.
template <class T>
struct pool_inputs {
    const std::uint16_t* argmax;
    const T *input, *output, *d_output;
};

/// How much of d reaches each of the window's four.
[[nodiscard]] __device__ float share(pooling kind, float d, unsigned which, int corner) {
    return kind == pooling::average || which == static_cast<unsigned>(corner) ? d : 0;
}

// Windows that the map cuts off are there too, and write zeros: what pooling left out has no
// influence.
template <class T>
__global__ void __launch_bounds__(threads)
    pool2d_backward_kernel(pool_shape s, int rows, pooling kind, float scale, pool_inputs<T> from,
                           T* d_input) {
    const unsigned at = blockIdx.x * threads + threadIdx.x;
    const octet_place place(at, s.octets, s.channels);
    const int column = 2 * static_cast<int>(place.pixel);
    if (column >= s.width || place.count <= 0)
        return;
    const int window_rows = (s.height + 1) / 2;
    for (int row = static_cast<int>(blockIdx.y); row < rows; row += static_cast<int>(gridDim.y)) {
        const int image = row / window_rows, y = row - image * window_rows;
        const bool whole = y < s.out_height && place.pixel < static_cast<unsigned>(s.out_width);
        const std::int64_t out =
            (static_cast<std::int64_t>(image) * s.out_height + y) * s.out_width;
        octet d{}, norm{};
        unsigned bits = 0;
        if (whole) {
            d = load_octet(from.d_output + out * s.channels + place.first, place.count);
            if (kind == pooling::max)
                bits = from.argmax[out * s.octets + at];
            if (kind == pooling::l2)
                norm = load_octet(from.output + out * s.channels + place.first, place.count);
        }
#pragma unroll
        for (int i = 0; i < octet::size; ++i) {
            d[i] *= kind == pooling::average ? 0.25f * scale : scale;
            if (kind == pooling::l2)  // norm is scale · ‖x‖, so ∂/∂x = scale² · x / norm
                d[i] = norm[i] > 0 ? scale * d[i] / norm[i] : 0;
        }
#pragma unroll
        for (int corner = 0; corner < 4; ++corner) {
            const int line = 2 * y + corner / 2, pixel = column + corner % 2;
            if (line >= s.height || pixel >= s.width)
                continue;
            const std::int64_t first =
                ((static_cast<std::int64_t>(image) * s.height + line) * s.width + pixel) *
                    s.channels +
                place.channel;
            octet result;
            if (kind == pooling::l2) {
                result = whole ? load_octet(from.input + first, place.count) : octet{};
#pragma unroll
                for (int i = 0; i < octet::size; ++i)
                    result[i] *= d[i];
            } else {
#pragma unroll
                for (int i = 0; i < octet::size; ++i)
                    result[i] = share(kind, d[i], bits >> (2 * i) & 3u, corner);
            }
            store_octet(d_input + first, result, place.count);
        }
    }
}

pool_shape extents_of(const shape& large) {
    return {.height = static_cast<int>(large.h),
            .width = static_cast<int>(large.w),
            .channels = static_cast<int>(large.c),
            .out_height = static_cast<int>(large.h / 2),
            .out_width = static_cast<int>(large.w / 2),
            .octets = static_cast<int>((large.c + 15) / 16 * 2)};
}

/// A thread for each octet of a row of windows, a line of the grid for each row, up to what a grid
/// can have.
dim3 grid_of(const char* operation, std::int64_t windows, int octets, std::int64_t rows) {
    return {blocks_for(index_of(operation, windows * octets)),
            static_cast<unsigned>(std::min<std::int64_t>(rows, 65535))};
}

}  // namespace

}  // namespace impasto::kernels

namespace impasto::ops {

template <class T, class Device>
void pool2d(context<Device>& ctx, pool_options options, in_view<T, Device> input,
            out_view<T, Device> output, out_view<std::uint8_t, Device> argmax) {
    using namespace kernels;
    detail::expect_pool2d(input, output, argmax);
    const auto s = extents_of(input.shape());
    const auto rows = output.shape().n * output.shape().h;
    const bool wanted = options.kind == pooling::max && !argmax.empty();
    if (output.size() > 0)
        launch(pool2d_kernel<T>, grid_of("pool2d", s.out_width, s.octets, rows), kernels::threads,
               0, ctx.get().stream, s, static_cast<int>(rows), options.kind, options.scale,
               input.data(), output.data(),
               wanted ? reinterpret_cast<std::uint16_t*>(argmax.data()) : nullptr);
}

template <class T, class Device>
void pool2d_backward(context<Device>& ctx, pool_options options,
                     const std::type_identity_t<pool_saved<T, Device>>& saved,
                     in_view<T, Device> d_output, out_view<T, Device> d_input) {
    using namespace kernels;
    detail::expect_pool2d_backward(options, d_output, d_input, saved.argmax, saved.input,
                                   saved.output);
    const auto s = extents_of(d_input.shape());
    const auto rows = d_input.shape().n * ((d_input.shape().h + 1) / 2);
    const pool_inputs<stored<T>> from{reinterpret_cast<const std::uint16_t*>(saved.argmax.data()),
                                      saved.input.data(), saved.output.data(), d_output.data()};
    if (d_input.size() > 0)
        launch(pool2d_backward_kernel<stored<T>>,
               grid_of("pool2d_backward", (s.width + 1) / 2, s.octets, rows), kernels::threads, 0,
               ctx.get().stream, s, static_cast<int>(rows), options.kind, options.scale, from,
               d_input.data());
}

template decltype(pool2d<float, cuda>) pool2d<float, cuda>;
template decltype(pool2d<tf32, cuda>) pool2d<tf32, cuda>;
template decltype(pool2d<half, cuda>) pool2d<half, cuda>;
template decltype(pool2d<bfloat16, cuda>) pool2d<bfloat16, cuda>;
template decltype(pool2d_backward<float, cuda>) pool2d_backward<float, cuda>;
template decltype(pool2d_backward<tf32, cuda>) pool2d_backward<tf32, cuda>;
template decltype(pool2d_backward<half, cuda>) pool2d_backward<half, cuda>;
template decltype(pool2d_backward<bfloat16, cuda>) pool2d_backward<bfloat16, cuda>;

}  // namespace impasto::ops
