#include <impasto/ops/gram.hpp>

#include "core/context_state.hpp"
#include "core/reduce.cuh"
#include "ops/checks.hpp"

// A thread owns every (grid)th element of the matrices, in double: differences of Gram matrices are
// small beside the matrices, and there are few of them.

namespace impasto::ops {

template <class Device>
void gram_error(context<Device>& ctx, in_view<float, Device> gram, double gram_scale,
                in_view<float, Device> target, double d_scale, out_view<float, Device> d_gram,
                out_view<double, Device> sum) {
    detail::expect_gram_error(gram, target, d_gram, sum);
    auto* partials =
        ctx.get().template scratch_as<double>(ctx, kernels::reduction_blocks(gram.size()));
    kernels::reduce(
        ctx.get().stream, gram.size(), 1,
        [=, g = gram.data(), t = target.data(), d = d_gram.data()] __device__(std::int64_t i, int) {
            const double difference =
                gram_scale * static_cast<double>(g[i]) - static_cast<double>(t[i]);
            if (d != nullptr)
                d[i] = static_cast<float>(d_scale * difference);
            return difference * difference;
        },
        partials, sum.data());
}

template void gram_error(context<cuda>&, in_view<float, cuda>, double, in_view<float, cuda>, double,
                         out_view<float, cuda>, out_view<double, cuda>);

}  // namespace impasto::ops
