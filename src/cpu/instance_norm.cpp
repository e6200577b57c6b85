#include <impasto/ops/instance_norm.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "cpu/simd.hpp"
#include "ops/checks.hpp"

namespace impasto::ops {

namespace {

constexpr std::int64_t most_lanes = 16;
using sums = std::array<double, most_lanes>;
using floats = std::array<float, most_lanes>;

/// One plane of interleaved channels; those past the last channel of the map stay zero.
struct plane {
    std::int64_t pixels, block, first_channel, channels;

    [[nodiscard]] floats lanes_of(const float* values) const {
        floats result{};
        std::copy_n(values + first_channel, channels, result.begin());
        return result;
    }
};

// Σ(x − mean)^power of each channel.
IMPASTO_MULTIVERSION void add_powers(const plane& p, const float* x, const sums& mean, bool squares,
                                     sums& total) {
    for (std::int64_t i = 0; i < p.pixels; ++i)
        for (std::int64_t k = 0; k < p.block; ++k) {
            const auto lane = static_cast<std::size_t>(k);
            const double d = static_cast<double>(x[i * p.block + k]) - mean[lane];
            total[lane] += squares ? d * d : d;
        }
}

// y = (x − mean)·gain + shift.
IMPASTO_MULTIVERSION void normalize(const plane& p, const float* x, const floats& mean,
                                    const floats& gain, const floats& shift, float* y) {
    for (std::int64_t i = 0; i < p.pixels; ++i)
        for (std::int64_t k = 0; k < p.block; ++k) {
            const auto lane = static_cast<std::size_t>(k);
            y[i * p.block + k] = (x[i * p.block + k] - mean[lane]) * gain[lane] + shift[lane];
        }
}

// Σdy, and Σdy·x̂ with x̂ = (x − mean)·inverse.
IMPASTO_MULTIVERSION void add_products(const plane& p, const float* x, const float* dy,
                                       const floats& mean, const floats& inverse, sums& of_dy,
                                       sums& of_products) {
    for (std::int64_t i = 0; i < p.pixels; ++i)
        for (std::int64_t k = 0; k < p.block; ++k) {
            const auto lane = static_cast<std::size_t>(k);
            const double d = static_cast<double>(dy[i * p.block + k]);
            of_dy[lane] += d;
            of_products[lane] +=
                d * static_cast<double>((x[i * p.block + k] - mean[lane]) * inverse[lane]);
        }
}

/// dx = gain·(dy − mean_dy − x̂·mean_product)
struct backward_lanes {
    floats mean, inverse, gain, mean_dy{}, mean_product{};
};
IMPASTO_MULTIVERSION void differentiate(const plane& p, const float* x, const float* dy,
                                        const backward_lanes& l, float* dx) {
    for (std::int64_t i = 0; i < p.pixels; ++i)
        for (std::int64_t k = 0; k < p.block; ++k) {
            const auto lane = static_cast<std::size_t>(k);
            const float normal = (x[i * p.block + k] - l.mean[lane]) * l.inverse[lane];
            dx[i * p.block + k] = l.gain[lane] * (dy[i * p.block + k] - l.mean_dy[lane] -
                                                  normal * l.mean_product[lane]);
        }
}

/// Calls f(plane, offset of its first element) for every plane, on all threads.
template <class F>
void for_each_plane(context<cpu>& ctx, tensor_view<const float, cpu> map, F&& f) {
    const auto& s = map.shape();
    const auto block = channel_block(map.layout()), planes = channel_blocks(s.c, map.layout());
#pragma omp parallel for num_threads(ctx.threads())
    for (std::int64_t i = 0; i < planes; ++i)
        f(plane{s.pixels(), block, i * block, std::min(block, s.c - i * block)},
          i * block * s.pixels());
}

}  // namespace

template <class T, class Device>
void instance_norm(context<Device>& ctx, float epsilon, in_view<T, Device> input,
                   in_view<float, Device> scale, in_view<float, Device> shift,
                   out_view<T, Device> output, out_view<float, Device> statistics) {
    const auto channels = input.shape().c;
    detail::expect_instance_norm("instance_norm", epsilon, input, output);
    detail::expect_parameters("instance_norm", "scale", channels, scale);
    detail::expect_parameters("instance_norm", "shift", channels, shift);
    if (!statistics.empty())
        detail::expect_statistics("instance_norm", channels, statistics);
    for_each_plane(ctx, input, [&](const plane& p, std::int64_t offset) {
        const auto pixels = static_cast<double>(p.pixels);
        sums mean{}, variance{};
        add_powers(p, input.data() + offset, sums{}, false, mean);
        for (double& m : mean)
            m /= pixels;
        add_powers(p, input.data() + offset, mean, true, variance);
        floats mean_lanes{}, gain = p.lanes_of(scale.data());
        for (std::int64_t k = 0; k < p.channels; ++k) {
            const auto lane = static_cast<std::size_t>(k);
            const double inverse =
                1 / std::sqrt(variance[lane] / pixels + static_cast<double>(epsilon));
            mean_lanes[lane] = static_cast<float>(mean[lane]);
            gain[lane] *= static_cast<float>(inverse);
            if (!statistics.empty()) {
                statistics.data()[p.first_channel + k] = mean_lanes[lane];
                statistics.data()[channels + p.first_channel + k] = static_cast<float>(inverse);
            }
        }
        normalize(p, input.data() + offset, mean_lanes, gain, p.lanes_of(shift.data()),
                  output.data() + offset);
    });
}

template <class T, class Device>
void instance_norm_backward(
    context<Device>& ctx, const std::type_identity_t<instance_norm_saved<T, Device>>& saved,
    in_view<float, Device> scale, in_view<T, Device> d_output,
    const std::type_identity_t<instance_norm_gradients<T, Device>>& gradients) {
    constexpr auto name = "instance_norm_backward";
    const auto channels = saved.input.shape().c;
    detail::expect_instance_norm(name, 1, saved.input, d_output);
    detail::expect_instance_norm(name, 1, saved.input, gradients.input);
    detail::expect_statistics(name, channels, saved.statistics);
    detail::expect_parameters(name, "scale", channels, scale);
    const bool of_parameters = !gradients.scale.empty();
    if (of_parameters) {
        detail::expect_parameters(name, "the scale's gradient", channels, gradients.scale);
        detail::expect_parameters(name, "the shift's gradient", channels, gradients.shift);
    }
    for_each_plane(ctx, d_output, [&](const plane& p, std::int64_t offset) {
        const float *x = saved.input.data() + offset, *dy = d_output.data() + offset;
        backward_lanes l{.mean = p.lanes_of(saved.statistics.data()),
                         .inverse = p.lanes_of(saved.statistics.data() + channels),
                         .gain = p.lanes_of(scale.data())};
        sums of_dy{}, of_products{};
        add_products(p, x, dy, l.mean, l.inverse, of_dy, of_products);
        for (std::int64_t k = 0; k < p.channels; ++k) {
            const auto lane = static_cast<std::size_t>(k);
            l.gain[lane] *= l.inverse[lane];
            l.mean_dy[lane] = static_cast<float>(of_dy[lane] / static_cast<double>(p.pixels));
            l.mean_product[lane] =
                static_cast<float>(of_products[lane] / static_cast<double>(p.pixels));
            if (of_parameters) {
                gradients.scale.data()[p.first_channel + k] = static_cast<float>(of_products[lane]);
                gradients.shift.data()[p.first_channel + k] = static_cast<float>(of_dy[lane]);
            }
        }
        differentiate(p, x, dy, l, gradients.input.data() + offset);
    });
}

template decltype(instance_norm<float, cpu>) instance_norm<float, cpu>;
template decltype(instance_norm_backward<float, cpu>) instance_norm_backward<float, cpu>;

}  // namespace impasto::ops
