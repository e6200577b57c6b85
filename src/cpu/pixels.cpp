#include <impasto/ops/pixels.hpp>

#include <algorithm>
#include <cstddef>

#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

/// Element (k, p) of a map whose planes interleave `block` channels.
std::int64_t index(std::int64_t k, std::int64_t p, std::int64_t pixels, std::int64_t block) {
    return (k / block * pixels + p) * block + k % block;
}

/// Where position i of the input, counted from the picture's first pixel, is taken from; -1:
/// nowhere.
std::int64_t source_of(border kind, std::int64_t i, std::int64_t size) {
    if (kind == border::wrap)
        return (i % size + size) % size;
    if (kind == border::replicate)
        return std::clamp<std::int64_t>(i, 0, size - 1);
    return i >= 0 && i < size ? i : -1;
}

/// The positions of an input of size + 2·margin that are taken from pixel i.
struct positions {
    positions(border kind, std::int64_t i, std::int64_t size, std::int64_t margin)
        : first(i + margin), last(i + margin) {
        if (kind == border::wrap) {
            step = size;
            first %= size;
            last = size + 2 * margin - 1;
        }
        if (kind == border::replicate && i == 0)
            first = 0;
        if (kind == border::replicate && i == size - 1)
            last = size + 2 * margin - 1;
    }
    std::int64_t first, last, step = 1;
};

}  // namespace

template <class T, class Device>
void normalize_pixels(context<Device>& ctx, const pixel_transform& transform, border margin,
                      in_view<float, Device> pixels, out_view<T, Device> input) {
    const auto m = detail::expect_normalize_pixels(pixels, input);
    const auto h = pixels.shape().h, w = pixels.shape().w;
    const auto width = input.shape().w, height = input.shape().h;
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t row = 0; row < 3 * height; ++row) {
        const auto k = static_cast<std::size_t>(row / height);
        const auto y = row % height - m;
        float* to = input.data() + row * width;
        const auto source_row = source_of(margin, y, h);
        if (source_row < 0) {
            std::fill_n(to, width, 0.0f);
            continue;
        }
        const float gain = transform.gain[k], offset = transform.offset[k];
        const float* from = pixels.data() + (transform.source[k] * h + source_row) * w;
        for (std::int64_t x = 0; x < w; ++x)
            to[m + x] = gain * from[x] + offset;
        for (std::int64_t i = 0; i < m; ++i)
            for (const auto x : {i - m, w + i}) {
                const auto column = source_of(margin, x, w);
                to[m + x] = column < 0 ? 0.0f : to[m + column];
            }
    }
}

template <class T, class Device>
void normalize_pixels_backward(context<Device>& ctx, const pixel_transform& transform,
                               border margin, in_view<T, Device> d_input,
                               out_view<float, Device> d_pixels) {
    const auto m = detail::expect_normalize_pixels_backward(d_input, d_pixels);
    const auto h = d_pixels.shape().h, w = d_pixels.shape().w;
    const auto width = d_input.shape().w, height = d_input.shape().h;
    const auto block = channel_block(d_input.layout());
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t row = 0; row < 3 * h; ++row) {
        const auto k = static_cast<std::size_t>(row / h);
        const auto y = row % h;
        float* to = d_pixels.data() + (transform.source[k] * h + y) * w;
        const positions rows(margin, y, h, m);
        for (std::int64_t x = 0; x < w; ++x) {
            const positions columns(margin, x, w, m);
            float sum = 0;
            for (auto r = rows.first; r <= rows.last; r += rows.step)
                for (auto s = columns.first; s <= columns.last; s += columns.step)
                    sum += d_input.data()[index(static_cast<std::int64_t>(k), r * width + s,
                                                height * width, block)];
            to[x] = transform.gain[k] * sum;
        }
    }
}

template <class From, class To, class Device>
void reorder(context<Device>& ctx, in_view<From, Device> from, out_view<To, Device> to) {
    detail::expect_reorder(from, to);
    const auto pixels = from.shape().pixels();
    const auto from_block = channel_block(from.layout()), to_block = channel_block(to.layout());
    const auto channels = from.shape().c;
    const auto padded = channel_blocks(channels, to.layout()) * to_block;
    for (std::int64_t n = 0; n < from.shape().n; ++n) {
        const float* source =
            from.data() + n * channel_blocks(channels, from.layout()) * from_block * pixels;
        float* target = to.data() + n * padded * pixels;
#pragma omp parallel for num_threads(ctx.threads())
        for (std::int64_t k = 0; k < padded; ++k)
            for (std::int64_t p = 0; p < pixels; ++p)
                target[index(k, p, pixels, to_block)] =
                    k < channels ? source[index(k, p, pixels, from_block)] : 0.0f;
    }
}

template decltype(normalize_pixels<float, cpu>) normalize_pixels<float, cpu>;
template decltype(normalize_pixels_backward<float, cpu>) normalize_pixels_backward<float, cpu>;
template decltype(reorder<float, float, cpu>) reorder<float, float, cpu>;

}  // namespace impasto::ops
