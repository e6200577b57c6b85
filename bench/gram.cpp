/// Gram matrices and their gradients at VGG-19's style layers. FLOP: C·(C+1)·M for the matrix, of
/// which one triangle has to be computed, and 2·C²·M for the gradient; M = H·W pixels.
#include <impasto/ops/gram.hpp>

#include "support/bench.hpp"

namespace impasto::bench {

namespace {

void run_gram(benchmark::State& state, const shape& map) {
    context<cpu> ctx(machine);
    const auto features = random(ctx, map, ctx.feature_layout());
    tensor<float, cpu> gram({1, 1, map.c, map.c});
    ctx.reserve(ops::gram_scratch_bytes(ctx, map));
    for (auto _ : state)
        ops::gram(ctx, features, gram);
    count_flop(state, static_cast<double>(map.c * (map.c + 1) * map.pixels()));
}

void run_gram_backward(benchmark::State& state, const shape& map) {
    context<cpu> ctx(machine);
    const auto features = random(ctx, map, ctx.feature_layout());
    const auto d_gram = random(ctx, {1, 1, map.c, map.c});
    auto gradient = random(ctx, map, ctx.feature_layout());
    ctx.reserve(ops::gram_scratch_bytes(ctx, map));
    for (auto _ : state)
        ops::gram_backward(ctx, features, d_gram, gradient);
    count_flop(state, 2.0 * static_cast<double>(map.c * map.c * map.pixels()));
}

}  // namespace

void add_benchmarks() {
    for (const auto& map : style_maps) {
        const auto extents = map.extents;
        add("gram/" + std::string(map.name), [=](auto& state) { run_gram(state, extents); });
        add("gram_backward/" + std::string(map.name),
            [=](auto& state) { run_gram_backward(state, extents); });
    }
}

}  // namespace impasto::bench
