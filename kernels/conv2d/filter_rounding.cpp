#include "conv2d/filter_rounding.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace impasto::kernels {

namespace {

template <class T>
float nearest(float x) {
    return static_cast<float>(T(x));
}
template <>
float nearest<tf32>(float x) {  // ties away from zero, as the hardware's conversion
    return std::isfinite(x)
               ? std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000u) & 0xffffe000u)
               : x;
}

template <class T>
void round_together(const float* taps, std::int64_t count, float* to) {
    float left = 0;
    const auto round_one = [&](std::int64_t i) {
        to[i] = nearest<T>(taps[i] + left);
        left += taps[i] - to[i];
    };
    std::int64_t smallest = 0;
    for (std::int64_t i = 1; i < count; ++i)
        if (std::abs(taps[i]) < std::abs(taps[smallest]))
            smallest = i;
    for (std::int64_t i = 0; i < count; ++i)
        if (i != smallest)
            round_one(i);
    round_one(smallest);
}

}  // namespace

template <class T>
tensor<float, cpu> rounded_filters(tensor_view<const float, cpu> weights) {
    const auto [out, in, height, width] = weights.shape();
    const auto taps = height * width, filters = out * in;
    tensor<float, cpu> result(weights.shape());
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < filters; ++i)
        round_together<T>(weights.data() + i * taps, taps, result.data() + i * taps);
    return result;
}

template tensor<float, cpu> rounded_filters<tf32>(tensor_view<const float, cpu>);
template tensor<float, cpu> rounded_filters<half>(tensor_view<const float, cpu>);
template tensor<float, cpu> rounded_filters<bfloat16>(tensor_view<const float, cpu>);

}  // namespace impasto::kernels
