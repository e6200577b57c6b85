#include <impasto/ops/losses.hpp>

#include "core/context_state.hpp"
#include "core/octet.cuh"
#include "core/reduce.cuh"

// One pass gives the sum and the gradient. A thread owns every (grid)th octet: its squares are
// added in float, and octets gathered in double.

namespace impasto::ops {

namespace {

using kernels::load_octet;
using kernels::octet;
using kernels::store_octet;

template <class T>
void add_squared_error(context<cuda>& ctx, tensor_view<const T, cuda> features,
                       tensor_view<const T, cuda> target, float factor,
                       tensor_view<T, cuda> gradient, tensor_view<double, cuda> sum) {
    const auto elements = features.size(), octets = kernels::ceil_div<std::int64_t>(elements, 8);
    auto* partials = ctx.get().scratch_as<double>(ctx, kernels::reduction_blocks(octets));
    kernels::reduce(
        ctx.get().stream, octets, 1,
        [=, f = features.data(), t = target.data(), d = gradient.data()] __device__(std::int64_t i,
                                                                                    int) {
            const auto at = i * octet::size;
            const int count = kernels::octet_count(elements - at);
            const octet x = load_octet(f + at, count), y = load_octet(t + at, count);
            octet g = d != nullptr ? load_octet(d + at, count) : octet{};
            float squares = 0;
#pragma unroll
            for (int k = 0; k < octet::size; ++k) {
                const float difference = x[k] - y[k];
                squares += difference * difference;
                g[k] += factor * difference;
            }
            if (d != nullptr)
                store_octet(d + at, g, count);
            return squares;
        },
        partials, sum.data());
}

template <class T>
void run(context<cuda>& ctx, tensor_view<const T, cuda> features, tensor_view<const T, cuda> target,
         double scale, tensor_view<T, cuda> gradient, tensor_view<double, cuda> sum) {
    constexpr const char* name = "squared_error";
    expect_shape(name, "target", features.shape(), target.shape());
    expect_layout(name, "target", features.layout(), target.layout());
    if (!gradient.empty()) {
        expect_shape(name, "gradient", features.shape(), gradient.shape());
        expect_layout(name, "gradient", features.layout(), gradient.layout());
    }
    expect_shape(name, "sum", {1, 1, 1, 1}, sum.shape());
    add_squared_error(ctx, features, target, static_cast<float>(2 * scale), gradient, sum);
}

}  // namespace

void squared_error(context<cuda>& ctx, tensor_view<const float, cuda> features,
                   tensor_view<const float, cuda> target, double scale,
                   tensor_view<float, cuda> gradient, tensor_view<double, cuda> sum) {
    run(ctx, features, target, scale, gradient, sum);
}
void squared_error(context<cuda>& ctx, tensor_view<const half, cuda> features,
                   tensor_view<const half, cuda> target, double scale,
                   tensor_view<half, cuda> gradient, tensor_view<double, cuda> sum) {
    run(ctx, features, target, scale, gradient, sum);
}
void squared_error(context<cuda>& ctx, tensor_view<const bfloat16, cuda> features,
                   tensor_view<const bfloat16, cuda> target, double scale,
                   tensor_view<bfloat16, cuda> gradient, tensor_view<double, cuda> sum) {
    run(ctx, features, target, scale, gradient, sum);
}

}  // namespace impasto::ops
