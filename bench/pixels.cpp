/// What passes once over the pixels [1,3,S,S]: a network's preprocessing, total variation, the
/// optimisers' vector operations. At S = 512 the operands may stay in cache; at 2048 they do not.
#include <vector>

#include <impasto/ops/losses.hpp>
#include <impasto/ops/pixels.hpp>
#include <impasto/ops/vector.hpp>

#include "support/bench.hpp"

namespace impasto::bench {

namespace {

constexpr std::int64_t row_count = 4;  // of dots and combine

/// Whatever an operation here may read or write.
struct operands {
    explicit operands(std::int64_t side)
        : x(random(ctx, {1, 3, side, side})),
          y(random(ctx, x.shape())),
          m(random(ctx, x.shape())),
          v(random(ctx, x.shape())),
          d_input(random(ctx, x.shape(), ctx.feature_layout())),
          rows(random(ctx, {row_count, 3, side, side})) {
        ops::clamp(ctx, 0, 1, v);
    }

    context<cpu> ctx{machine};
    tensor<float, cpu> x, y, m, v, d_input, rows;
    std::vector<double> products = std::vector<double>(row_count, 0.1);
};

/// Bytes are those that have to move for each element of the pixels.
struct operation {
    const char* name;
    double bytes;
    void (*run)(operands&);
};

constexpr operation operations[] = {
    {"normalize_pixels", 8,
     [](operands& o) { ops::normalize_pixels(o.ctx, {}, ops::border::zero, o.x, o.y); }},
    // A pixel's three gradients lie in a block of 8 or 16 channels: a cache line moves anyway.
    {"normalize_pixels_backward", 64.0 / 3 + 4,
     [](operands& o) {
         ops::normalize_pixels_backward(o.ctx, {}, ops::border::zero, o.d_input, o.y);
     }},
    {"total_variation", 12,
     [](operands& o) {
         benchmark::DoNotOptimize(ops::total_variation(o.ctx, o.x, {1e-3, 1e-3}, o.y));
     }},
    {"fill", 4, [](operands& o) { ops::fill(o.ctx, 1, o.y); }},
    {"copy", 8, [](operands& o) { ops::copy(o.ctx, o.x, o.y); }},
    {"scale", 8, [](operands& o) { ops::scale(o.ctx, -1, o.y); }},
    {"axpy", 12, [](operands& o) { ops::axpy(o.ctx, 1e-3f, o.x, o.y); }},
    {"add_scaled", 12, [](operands& o) { ops::add_scaled(o.ctx, o.x, 0.5f, o.m, o.y); }},
    {"lerp", 12, [](operands& o) { ops::lerp(o.ctx, o.x, 0.1f, o.y); }},
    {"clamp", 8, [](operands& o) { ops::clamp(o.ctx, 0, 1, o.y); }},
    {"dot", 8, [](operands& o) { benchmark::DoNotOptimize(ops::dot(o.ctx, o.x, o.y)); }},
    {"max_abs", 4, [](operands& o) { benchmark::DoNotOptimize(ops::max_abs(o.ctx, o.x)); }},
    {"dots/4", 4 * (row_count + 1), [](operands& o) { ops::dots(o.ctx, o.rows, o.x, o.products); }},
    {"combine/4", 4 * (row_count + 2),
     [](operands& o) { ops::combine(o.ctx, 1, o.x, o.products, o.rows, o.y); }},
    {"momentum_update", 20,
     [](operands& o) {
         ops::momentum_update(o.ctx, o.x, {1e-3f, 0.9f}, o.m, o.y);
     }},
    {"adam_update", 28,
     [](operands& o) {
         ops::adam_update(o.ctx, o.x, {1e-3f, 0.9f, 0.999f, 1e-8f, 1, 1}, o.m, o.v, o.y);
     }},
};

void run(benchmark::State& state, const operation& op, std::int64_t side) {
    operands o(side);
    for (auto _ : state)
        op.run(o);
    count_bytes(state, op.bytes * static_cast<double>(o.x.shape().elements()));
}

}  // namespace

void add_benchmarks() {
    for (const auto& op : operations)
        for (const std::int64_t side : {512, 2048})
            add(std::string(op.name) + "/" + std::to_string(side),
                [&op, side](auto& state) { run(state, op, side); });
}

}  // namespace impasto::bench
