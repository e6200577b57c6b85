#include <impasto/ops/pixels.hpp>

#include <algorithm>
#include <cstddef>

namespace impasto::ops {

namespace {

std::int64_t margin_of(const char* operation, tensor_view<const float, cpu> pixels,
                       const shape& input) {
    const auto [n, c, h, w] = pixels.shape();
    const auto margin = std::max<std::int64_t>(0, (input.h - h) / 2);
    expect_shape(operation, "pixels", {1, 3, h, w}, pixels.shape());
    expect_layout(operation, "pixels", layout::nchw, pixels.layout());
    expect_shape(operation, "input", {1, 3, h + 2 * margin, w + 2 * margin}, input);
    return margin;
}

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

void expect_strided(layout l) {
    if (l == layout::nhwc)
        throw shape_error("reorder: nhwc is the GPU's layout, not the CPU's");
}

}  // namespace

void normalize_pixels(context<cpu>& ctx, const pixel_transform& transform, border margin,
                      tensor_view<const float, cpu> pixels, tensor_view<float, cpu> input) {
    const auto m = margin_of("normalize_pixels", pixels, input.shape());
    expect_layout("normalize_pixels", "input", layout::nchw, input.layout());
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

void normalize_pixels_backward(context<cpu>& ctx, const pixel_transform& transform, border margin,
                               tensor_view<const float, cpu> d_input,
                               tensor_view<float, cpu> d_pixels) {
    const auto m = margin_of("normalize_pixels_backward", d_pixels, d_input.shape());
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

void reorder(context<cpu>& ctx, tensor_view<const float, cpu> from, tensor_view<float, cpu> to) {
    expect_shape("reorder", "to", from.shape(), to.shape());
    expect_strided(from.layout());
    expect_strided(to.layout());
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

}  // namespace impasto::ops
