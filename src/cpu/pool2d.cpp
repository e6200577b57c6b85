#include <impasto/ops/pool2d.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/simd.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

/// One row of output pixels of one plane: a and b are the input rows above and below, `block`
/// channels a pixel.
struct row {
    const float *above, *below;
    float* output;
    std::uint8_t* argmax;  // may be null
    std::int64_t width, block;
};

struct backward_row {
    const float* d_output;
    const std::uint8_t* argmax;
    const float *above, *below, *output;  // l2 alone
    float *d_above, *d_below;
    std::int64_t width, block;
};

using vec = cpu_detail::lanes<8>::type;
using int_lanes __attribute__((vector_size(32))) = std::int32_t;
using byte_lanes __attribute__((vector_size(8))) = std::uint8_t;

// Eight neighbouring channels of a pixel at once; a comparison gives −1 where it holds.
IMPASTO_INLINE void max_eight(const row& r, std::int64_t left, std::int64_t out, float scale) {
    const auto right = left + r.block;
    const vec a = *reinterpret_cast<const vec*>(r.above + left),
              b = *reinterpret_cast<const vec*>(r.above + right);
    const vec c = *reinterpret_cast<const vec*>(r.below + left),
              d = *reinterpret_cast<const vec*>(r.below + right);
    const int_lanes top_at = -(b > a), bottom_at = 2 - (d > c);
    const vec top = b > a ? b : a, bottom = d > c ? d : c;
    *reinterpret_cast<vec*>(r.output + out) = scale * (bottom > top ? bottom : top);
    if (r.argmax != nullptr)
        *reinterpret_cast<byte_lanes*>(r.argmax + out) =
            __builtin_convertvector(bottom > top ? bottom_at : top_at, byte_lanes);
}

IMPASTO_INLINE void max_one(const row& r, std::int64_t left, std::int64_t out, float scale) {
    const auto right = left + r.block;
    const float top = std::max(r.above[left], r.above[right]);
    const float bottom = std::max(r.below[left], r.below[right]);
    r.output[out] = scale * std::max(top, bottom);
    if (r.argmax != nullptr)
        r.argmax[out] = static_cast<std::uint8_t>(
            bottom > top ? 2 + (r.below[right] > r.below[left]) : r.above[right] > r.above[left]);
}

IMPASTO_MULTIVERSION void max_row(const row& r, float scale) {
    for (std::int64_t x = 0; x < r.width; ++x) {
        std::int64_t k = 0;
        for (; k + 8 <= r.block; k += 8)
            max_eight(r, 2 * x * r.block + k, x * r.block + k, scale);
        for (; k < r.block; ++k)
            max_one(r, 2 * x * r.block + k, x * r.block + k, scale);
    }
}

IMPASTO_MULTIVERSION void average_row(const row& r, float scale) {
    for (std::int64_t x = 0; x < r.width; ++x)
        for (std::int64_t k = 0; k < r.block; ++k) {
            const auto left = 2 * x * r.block + k, right = left + r.block;
            r.output[x * r.block + k] =
                0.25f * scale *
                ((r.above[left] + r.above[right]) + (r.below[left] + r.below[right]));
        }
}

IMPASTO_MULTIVERSION void l2_row(const row& r, float scale) {
    for (std::int64_t x = 0; x < r.width; ++x)
        for (std::int64_t k = 0; k < r.block; ++k) {
            const auto left = 2 * x * r.block + k, right = left + r.block;
            const float a = r.above[left], b = r.above[right], c = r.below[left],
                        d = r.below[right];
            r.output[x * r.block + k] = scale * std::sqrt(a * a + b * b + (c * c + d * d));
        }
}

IMPASTO_INLINE void max_backward_eight(const backward_row& r, std::int64_t left, std::int64_t out,
                                       float scale) {
    const auto right = left + r.block;
    const vec d = scale * *reinterpret_cast<const vec*>(r.d_output + out);
    const auto at =
        __builtin_convertvector(*reinterpret_cast<const byte_lanes*>(r.argmax + out), int_lanes);
    *reinterpret_cast<vec*>(r.d_above + left) = at == 0 ? d : vec{};
    *reinterpret_cast<vec*>(r.d_above + right) = at == 1 ? d : vec{};
    *reinterpret_cast<vec*>(r.d_below + left) = at == 2 ? d : vec{};
    *reinterpret_cast<vec*>(r.d_below + right) = at == 3 ? d : vec{};
}

IMPASTO_INLINE void max_backward_one(const backward_row& r, std::int64_t left, std::int64_t out,
                                     float scale) {
    const auto right = left + r.block;
    const float d = scale * r.d_output[out];
    const int at = r.argmax[out];  // NOLINT(clang-analyzer-core.NullDereference): max has it
    r.d_above[left] = at == 0 ? d : 0.0f;
    r.d_above[right] = at == 1 ? d : 0.0f;
    r.d_below[left] = at == 2 ? d : 0.0f;
    r.d_below[right] = at == 3 ? d : 0.0f;
}

IMPASTO_MULTIVERSION void max_backward_row(const backward_row& r, float scale) {
    for (std::int64_t x = 0; x < r.width; ++x) {
        std::int64_t k = 0;
        for (; k + 8 <= r.block; k += 8)
            max_backward_eight(r, 2 * x * r.block + k, x * r.block + k, scale);
        for (; k < r.block; ++k)
            max_backward_one(r, 2 * x * r.block + k, x * r.block + k, scale);
    }
}

IMPASTO_MULTIVERSION void average_backward_row(const backward_row& r, float scale) {
    for (std::int64_t x = 0; x < r.width; ++x)
        for (std::int64_t k = 0; k < r.block; ++k) {
            const auto left = 2 * x * r.block + k, right = left + r.block;
            const float d = 0.25f * scale * r.d_output[x * r.block + k];
            r.d_above[left] = r.d_above[right] = r.d_below[left] = r.d_below[right] = d;
        }
}

IMPASTO_MULTIVERSION void l2_backward_row(const backward_row& r, float scale) {
    for (std::int64_t x = 0; x < r.width; ++x)
        for (std::int64_t k = 0; k < r.block; ++k) {
            const auto left = 2 * x * r.block + k, right = left + r.block;
            // The output is scale · norm, so ∂/∂a = scale² · a / output.
            const float y =
                r.output[x * r.block + k];  // NOLINT(clang-analyzer-core.NullDereference)
            const float d = y > 0.0f ? scale * scale * r.d_output[x * r.block + k] / y : 0.0f;
            r.d_above[left] = d * r.above[left];
            r.d_above[right] = d * r.above[right];
            r.d_below[left] = d * r.below[left];
            r.d_below[right] = d * r.below[right];
        }
}

struct extents {
    std::int64_t planes, block, height, width, out_height, out_width;
};

extents extents_of(tensor_view<const float, cpu> input) {
    const auto& s = input.shape();
    return {s.n * channel_blocks(s.c, input.layout()),
            channel_block(input.layout()),
            s.h,
            s.w,
            s.h / 2,
            s.w / 2};
}

}  // namespace

template <class T, class Device>
void pool2d(context<Device>& ctx, pool_options options, in_view<T, Device> input,
            out_view<T, Device> output, out_view<std::uint8_t, Device> argmax) {
    detail::expect_pool2d(input, output, argmax);
    const auto e = extents_of(input);
    const auto run = options.kind == pooling::max       ? max_row
                     : options.kind == pooling::average ? average_row
                                                        : l2_row;
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t line = 0; line < e.planes * e.out_height; ++line) {
        const auto plane = line / e.out_height, y = line % e.out_height;
        const float* above = input.data() + (plane * e.height + 2 * y) * e.width * e.block;
        const auto at = line * e.out_width * e.block;
        run({above, above + e.width * e.block, output.data() + at,
             argmax.empty() ? nullptr : argmax.data() + at, e.out_width, e.block},
            options.scale);
    }
}

template <class T, class Device>
void pool2d_backward(context<Device>& ctx, pool_options options,
                     const std::type_identity_t<pool_saved<T, Device>>& saved,
                     in_view<T, Device> d_output, out_view<T, Device> d_input) {
    detail::expect_pool2d_backward(options, d_output, d_input, saved.argmax, saved.input,
                                   saved.output);
    const auto e = extents_of(d_input);
    const auto run = options.kind == pooling::max       ? max_backward_row
                     : options.kind == pooling::average ? average_backward_row
                                                        : l2_backward_row;
    const auto row_size = e.width * e.block, used = 2 * e.out_width * e.block;
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t line = 0; line < e.planes * e.out_height; ++line) {
        const auto plane = line / e.out_height, y = line % e.out_height;
        const auto in = (plane * e.height + 2 * y) * row_size;
        const auto at = line * e.out_width * e.block;
        float *above = d_input.data() + in, *below = above + row_size;
        const bool l2 = options.kind == pooling::l2;
        run({d_output.data() + at, saved.argmax.empty() ? nullptr : saved.argmax.data() + at,
             l2 ? saved.input.data() + in : nullptr,
             l2 ? saved.input.data() + in + row_size : nullptr,
             l2 ? saved.output.data() + at : nullptr, above, below, e.out_width, e.block},
            options.scale);
        // What pooling left out has no influence.
        std::fill(above + used, above + row_size, 0.0f);
        std::fill(below + used, below + row_size, 0.0f);
        if (y == e.out_height - 1 && e.height % 2 == 1)
            std::fill_n(below + row_size, row_size, 0.0f);
    }
    if (e.out_height == 0 || e.out_width == 0)
        std::fill(d_input.begin(), d_input.end(), 0.0f);
}

template decltype(pool2d<float, cpu>) pool2d<float, cpu>;
template decltype(pool2d_backward<float, cpu>) pool2d_backward<float, cpu>;

}  // namespace impasto::ops
