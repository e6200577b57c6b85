#include <impasto/ops/relu.hpp>

#include <algorithm>
#include <cstring>

#include "cpu/simd.hpp"
#include "ops/checks.hpp"

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

}  // namespace

template <class T, class Device>
void relu_mask(context<Device>& ctx, in_view<T, Device> features,
               out_view<std::uint8_t, Device> mask) {
    detail::expect_relu_mask("relu_mask", features, mask);
    in_runs(ctx, mask.size(), [&](std::int64_t first, std::int64_t count) {
        make_mask(features.data() + first * bits, count, mask.data() + first);
    });
}

template <class T, class Device>
void relu_backward(context<Device>& ctx, in_view<std::uint8_t, Device> mask,
                   out_view<T, Device> gradient) {
    detail::expect_relu_mask("relu_backward", gradient, mask);
    in_runs(ctx, mask.size(), [&](std::int64_t first, std::int64_t count) {
        apply_mask(mask.data() + first, count, gradient.data() + first * bits);
    });
}

template <class T, class Device>
void relu_backward(context<Device>& ctx, in_view<T, Device> features,
                   out_view<T, Device> gradient) {
    detail::expect_relu_backward(features, gradient);
    in_runs(ctx, gradient.size(), [&](std::int64_t first, std::int64_t count) {
        keep_positive(features.data() + first, count, gradient.data() + first);
    });
}

template <class T, class Device>
void relu(context<Device>& ctx, out_view<T, Device> x) {
    in_runs(ctx, x.size(), [&](std::int64_t first, std::int64_t count) {
        keep_positive(x.data() + first, count, x.data() + first);
    });
}

template decltype(relu_mask<float, cpu>) relu_mask<float, cpu>;
template void relu_backward<float>(context<cpu>&, in_view<std::uint8_t, cpu>, out_view<float, cpu>);
template void relu_backward<float>(context<cpu>&, in_view<float, cpu>, out_view<float, cpu>);
template decltype(relu<float, cpu>) relu<float, cpu>;

}  // namespace impasto::ops
