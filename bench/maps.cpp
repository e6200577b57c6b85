/// What passes once over a feature map and waits for memory: masks, pools, differences, layouts.
#include <impasto/ops/losses.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/pool2d.hpp>
#include <impasto/ops/relu.hpp>

#include "support/bench.hpp"

namespace impasto::bench {

namespace {

/// Whatever an operation here may read or write.
struct operands {
    explicit operands(const shape& s)
        : x(random(ctx, s, ctx.feature_layout())),
          target(random(ctx, s, ctx.feature_layout())),
          gradient(random(ctx, s, ctx.feature_layout())),
          planar(s),
          half(random(ctx, ops::pooled(s), ctx.feature_layout())),
          mask({1, 1, 1, ops::relu_mask_bytes(s, ctx.feature_layout())}),
          argmax({1, 1, 1, ops::argmax_bytes(ops::pooled(s), ctx.feature_layout())}) {
        ops::relu_mask(ctx, x, mask);
        ops::pool2d(ctx, {}, x, half, argmax);
    }

    context<cpu> ctx{machine};
    tensor<float, cpu> x, target, gradient, planar, half;
    tensor<std::uint8_t, cpu> mask, argmax;
};

void pool(operands& o, ops::pooling kind) {
    const bool max = kind == ops::pooling::max;
    ops::pool2d(o.ctx, {.kind = kind}, o.x, o.half,
                max ? o.argmax.view() : tensor_view<std::uint8_t, cpu>());
}

void pool_backward(operands& o, ops::pooling kind) {
    const ops::pool_saved<float, cpu> saved{.argmax = o.argmax, .input = o.x, .output = o.half};
    ops::pool2d_backward(o.ctx, {.kind = kind}, saved, o.half, o.gradient);
}

/// Bytes are those that have to move for each element of the map.
struct operation {
    const char* name;
    double bytes;
    void (*run)(operands&);
};

constexpr operation operations[] = {
    {"relu_mask", 4 + 1.0 / 8, [](operands& o) { ops::relu_mask(o.ctx, o.x, o.mask); }},
    {"relu_backward/mask", 8 + 1.0 / 8,
     [](operands& o) {
         ops::relu_backward(o.ctx, tensor_view<const std::uint8_t, cpu>(o.mask), o.gradient);
     }},
    {"relu_backward/features", 12,
     [](operands& o) {
         ops::relu_backward(o.ctx, tensor_view<const float, cpu>(o.x), o.gradient);
     }},
    {"pool2d/max", 5.25, [](operands& o) { pool(o, ops::pooling::max); }},
    {"pool2d/average", 5, [](operands& o) { pool(o, ops::pooling::average); }},
    {"pool2d/l2", 5, [](operands& o) { pool(o, ops::pooling::l2); }},
    {"pool2d_backward/max", 5.25, [](operands& o) { pool_backward(o, ops::pooling::max); }},
    {"pool2d_backward/average", 5, [](operands& o) { pool_backward(o, ops::pooling::average); }},
    {"pool2d_backward/l2", 10, [](operands& o) { pool_backward(o, ops::pooling::l2); }},
    {"squared_error", 16,
     [](operands& o) {
         benchmark::DoNotOptimize(ops::squared_error(o.ctx, o.x, o.target, 1e-3, o.gradient));
     }},
    {"reorder", 8, [](operands& o) { ops::reorder(o.ctx, o.x, o.planar); }},
};

void run(benchmark::State& state, const operation& op, const shape& map) {
    operands o(map);
    for (auto _ : state)
        op.run(o);
    count_bytes(state, op.bytes * static_cast<double>(map.elements()));
}

}  // namespace

void add_benchmarks() {
    for (const auto& op : operations)
        for (const auto& map : style_maps)
            add(std::string(op.name) + "/" + map.name,
                [&op, extents = map.extents](auto& state) { run(state, op, extents); });
}

}  // namespace impasto::bench
