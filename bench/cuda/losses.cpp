/// What losses and optimisers add to the network: the content loss with its gradient and the error
/// of a Gram matrix, total variation, Adam's update, and a direction of L-BFGS with 100 pairs. All
/// wait for memory. Bytes are those that have to move.
#include <impasto/ops/gram.hpp>
#include <impasto/ops/lbfgs.hpp>
#include <impasto/ops/losses.hpp>

#include "cuda/support/device.hpp"
#include "cuda/support/timer.hpp"
#include "support/bench.hpp"

namespace impasto::bench {

namespace {

template <class T>
void run_squared_error(benchmark::State& state, const shape& map) {
    auto& ctx = device();
    const auto features = random_map<T>(ctx, map, 1), target = random_map<T>(ctx, map, 2);
    auto gradient = random_map<T>(ctx, map, 3);
    ops::scalars<cuda> sum(ctx, 1);
    timer(ctx).run(state, {.bytes = 4.0 * static_cast<double>(features.bytes())}, [&] {
        ops::squared_error<T>(ctx, features, target, 1e-6, gradient, sum.slots(0));
    });
}

void run_gram_error(benchmark::State& state, const shape& map) {
    auto& ctx = device();
    const shape matrix{1, 1, map.c, map.c};
    const auto gram = random_pixels(ctx, matrix, 1), target = random_pixels(ctx, matrix, 2);
    tensor<float, cuda> d_gram(matrix);
    ops::scalars<cuda> sum(ctx, 1);
    timer(ctx).run(state, {.bytes = 3.0 * static_cast<double>(gram.bytes())},
                   [&] { ops::gram_error(ctx, gram, 1, target, 1, d_gram, sum.slots(0)); });
}

shape pixels_of(std::int64_t side) {
    return {1, 3, side, side};
}

void run_total_variation(benchmark::State& state) {
    auto& ctx = device();
    const auto x = random_pixels(ctx, pixels_of(state.range(0)), 1);
    auto gradient = random_pixels(ctx, x.shape(), 2);
    ops::scalars<cuda> sums(ctx, 2);
    timer(ctx).run(state, {.bytes = 3.0 * static_cast<double>(x.bytes())}, [&] {
        ops::total_variation(ctx, x, {1e-6, 1e-6}, gradient, sums.slots(0, 2));
    });
}

void run_adam(benchmark::State& state) {
    auto& ctx = device();
    const auto gradient = random_pixels(ctx, pixels_of(state.range(0)), 1);
    auto x = random_pixels(ctx, gradient.shape(), 2), m = random_pixels(ctx, gradient.shape(), 3),
         v = random_pixels(ctx, gradient.shape(), 4);
    timer(ctx).run(state, {.bytes = 7.0 * static_cast<double>(x.bytes())}, [&] {
        ops::adam_update(ctx, gradient, {0.02f, 0.9f, 0.999f, 1e-8f, 1, 1}, m, v, x);
    });
}

/// A pair with s = y is always taken: s·y is positive.
void run_lbfgs(benchmark::State& state) {
    constexpr std::size_t pairs = 100;
    auto& ctx = device();
    const auto s = pixels_of(state.range(0));
    ops::lbfgs_pairs memory(ctx, s, pairs);
    for (std::size_t i = 0; i < pairs; ++i) {
        const auto x = random_pixels(ctx, s, i);
        memory.push(ctx, x, x);
        ctx.synchronize();
    }
    const auto gradient = random_pixels(ctx, s, pairs), newest = random_pixels(ctx, s, pairs + 1);
    tensor<float, cuda> direction(s);
    timer(ctx).run(state, {.bytes = (4.0 * pairs + 8) * static_cast<double>(gradient.bytes())},
                   [&] {
                       memory.push(ctx, newest, newest);
                       memory.direction(ctx, gradient, direction);
                   });
}

}  // namespace

void add_benchmarks() {
    for (const auto& map : style_maps) {
        const std::string name = map.name;
        const auto extents = map.extents;
        const auto add_squared_error = [&]<class T>(T) {
            add_timed("squared_error/" + name + "/" + type_name<T>,
                      [=](auto& state) { run_squared_error<T>(state, extents); });
        };
        add_squared_error(float{});
        add_squared_error(half{});
        add_squared_error(bfloat16{});
        add_timed("gram_error/" + name, [=](auto& state) { run_gram_error(state, extents); });
    }
    for (const std::int64_t side : {512, 1024, 2048}) {
        add_timed("total_variation", run_total_variation)->Arg(side);
        add_timed("adam_update", run_adam)->Arg(side);
    }
    add_timed("lbfgs_direction", run_lbfgs)->Arg(512)->Arg(1024);
}

}  // namespace impasto::bench
