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
        if (margin == border::zero && (y < 0 || y >= h)) {
            std::fill_n(to, width, 0.0f);
            continue;
        }
        const float gain = transform.gain[k], offset = transform.offset[k];
        const float* from =
            pixels.data() + (transform.source[k] * h + std::clamp<std::int64_t>(y, 0, h - 1)) * w;
        for (std::int64_t x = 0; x < w; ++x)
            to[m + x] = gain * from[x] + offset;
        const bool repeat = margin == border::replicate;
        std::fill_n(to, m, repeat ? to[m] : 0.0f);
        std::fill_n(to + m + w, m, repeat ? to[m + w - 1] : 0.0f);
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
        // A pixel at the edge stands for the margin beside it too.
        const bool fold = margin == border::replicate;
        const auto first_row = fold && y == 0 ? 0 : y + m;
        const auto last_row = fold && y == h - 1 ? height - 1 : y + m;
        for (std::int64_t x = 0; x < w; ++x) {
            const auto first = fold && x == 0 ? 0 : x + m;
            const auto last = fold && x == w - 1 ? width - 1 : x + m;
            float sum = 0;
            for (auto r = first_row; r <= last_row; ++r)
                for (auto s = first; s <= last; ++s)
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
