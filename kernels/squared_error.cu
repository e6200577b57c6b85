#include <impasto/ops/losses.hpp>

#include "core/context_state.hpp"
#include "core/octet.cuh"
#include "core/reduce.cuh"
#include "ops/checks.hpp"

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

}  // namespace

template <class T, class Device>
void squared_error(context<Device>& ctx, in_view<T, Device> features, in_view<T, Device> target,
                   double scale, out_view<T, Device> gradient, out_view<double, Device> sum) {
    detail::expect_squared_error(features, target, gradient, sum);
    add_squared_error<stored<T>>(ctx, features, target, static_cast<float>(2 * scale), gradient,
                                 sum);
}

template <class T>
using in_a_slot = void(context<cuda>&, in_view<T, cuda>, in_view<T, cuda>, double,
                       out_view<T, cuda>, out_view<double, cuda>);

template in_a_slot<float> squared_error<float>;
template in_a_slot<tf32> squared_error<tf32>;
template in_a_slot<half> squared_error<half>;
template in_a_slot<bfloat16> squared_error<bfloat16>;

}  // namespace impasto::ops
