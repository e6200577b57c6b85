#include <impasto/ops/relu.hpp>

#include <algorithm>
#include <cstring>

#include "cpu/simd.hpp"

namespace impasto::ops {

namespace {

// A mask byte stands for 8 neighbours in memory, whatever the layout.
constexpr std::int64_t bits = 8;
constexpr std::int64_t run_bytes = 4096;  // what a thread takes at a time

using cpu_detail::lanes;
using vec = lanes<8>::type;
using bit_lanes __attribute__((vector_size(32))) = std::int32_t;

constexpr bit_lanes each_bit{1, 2, 4, 8, 16, 32, 64, 128};

IMPASTO_MULTIVERSION void make_mask(const float* x, std::int64_t bytes, std::uint8_t* mask) {
    for (std::int64_t i = 0; i < bytes; ++i) {
        unsigned byte = 0;
        for (int b = 0; b < bits; ++b)
            byte |= static_cast<unsigned>(x[i * bits + b] > 0.0f) << b;
        mask[i] = static_cast<std::uint8_t>(byte);
    }
}

IMPASTO_MULTIVERSION void apply_mask(const std::uint8_t* mask, std::int64_t bytes,
                                     float* gradient) {
    for (std::int64_t i = 0; i < bytes; ++i) {
        const bit_lanes set = (each_bit & static_cast<std::int32_t>(mask[i])) != 0;
        bit_lanes value;
        std::memcpy(&value, gradient + i * bits, sizeof value);
        value &= set;
        std::memcpy(gradient + i * bits, &value, sizeof value);
    }
}

IMPASTO_MULTIVERSION void keep_positive(const float* features, std::int64_t count,
                                        float* gradient) {
    for (std::int64_t i = 0; i < count; ++i)
        gradient[i] = features[i] > 0.0f ? gradient[i] : 0.0f;
}

template <class F>
void in_runs(context<cpu>& ctx, std::int64_t total, F&& f) {
    const auto runs = (total + run_bytes - 1) / run_bytes;
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t r = 0; r < runs; ++r)
        f(r * run_bytes, std::min(run_bytes, total - r * run_bytes));
}

void expect_mask(const char* operation, tensor_view<const float, cpu> features, const shape& mask) {
    expect_shape(operation, "mask", {1, 1, 1, relu_mask_bytes(features.shape(), features.layout())},
                 mask);
}

}  // namespace

std::int64_t relu_mask_bytes(const shape& features, layout l) {
    if (l == layout::nhwc)
        return checked_multiply(checked_multiply(features.n, features.pixels()),
                                (features.c + 31) / 32 * 4);
    const auto elements = storage_elements(features, l);
    if (elements % bits != 0)
        throw shape_error("relu_mask: " + to_string(features) + " in layout " + to_string(l) +
                          " is no multiple of 8 elements; use a feature layout");
    return elements / bits;
}

void relu_mask(context<cpu>& ctx, tensor_view<const float, cpu> features,
               tensor_view<std::uint8_t, cpu> mask) {
    expect_mask("relu_mask", features, mask.shape());
    in_runs(ctx, mask.size(), [&](std::int64_t first, std::int64_t count) {
        make_mask(features.data() + first * bits, count, mask.data() + first);
    });
}

void relu_backward(context<cpu>& ctx, tensor_view<const std::uint8_t, cpu> mask,
                   tensor_view<float, cpu> gradient) {
    expect_mask("relu_backward", gradient, mask.shape());
    in_runs(ctx, mask.size(), [&](std::int64_t first, std::int64_t count) {
        apply_mask(mask.data() + first, count, gradient.data() + first * bits);
    });
}

void relu_backward(context<cpu>& ctx, tensor_view<const float, cpu> features,
                   tensor_view<float, cpu> gradient) {
    expect_shape("relu_backward", "gradient", features.shape(), gradient.shape());
    expect_layout("relu_backward", "gradient", features.layout(), gradient.layout());
    in_runs(ctx, gradient.size(), [&](std::int64_t first, std::int64_t count) {
        keep_positive(features.data() + first, count, gradient.data() + first);
    });
}

void relu(context<cpu>& ctx, tensor_view<float, cpu> x) {
    in_runs(ctx, x.size(), [&](std::int64_t first, std::int64_t count) {
        keep_positive(x.data() + first, count, x.data() + first);
    });
}

}  // namespace impasto::ops
