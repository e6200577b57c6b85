#include <impasto/ops/gram.hpp>

#include "core/context_state.hpp"
#include "core/reduce.cuh"

// A thread owns every (grid)th element of the matrices, in double: differences of Gram matrices are
// small beside the matrices, and there are few of them.

namespace impasto::ops {

void gram_error(context<cuda>& ctx, tensor_view<const float, cuda> gram, double gram_scale,
                tensor_view<const float, cuda> target, double d_scale,
                tensor_view<float, cuda> d_gram, tensor_view<double, cuda> sum) {
    expect_shape("gram_error", "target", gram.shape(), target.shape());
    if (!d_gram.empty())
        expect_shape("gram_error", "d_gram", gram.shape(), d_gram.shape());
    expect_shape("gram_error", "sum", {1, 1, 1, 1}, sum.shape());
    auto* partials = ctx.get().scratch_as<double>(ctx, kernels::reduction_blocks(gram.size()));
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

}  // namespace impasto::ops
