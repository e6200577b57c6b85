/// One whole iteration on the GPU, pixels to pixels: J and dJ/dpixels (content, Gram losses, total
/// variation) of VGG-19 with random filters, and a step of Adam; or one of L-BFGS with 100
/// corrections; and the same with cuDNN's convolutions in place of ours. Timed on the host's clock,
/// since an iteration ends when its loss is known.
#include <chrono>
#include <cmath>
#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include <impasto/nn/rescale.hpp>
#include <impasto/optim/adam.hpp>
#include <impasto/optim/lbfgs.hpp>
#include <impasto/style/objective.hpp>

#include "cuda/support/device.hpp"
#include "cuda/support/timer.hpp"
#include "support/bench.hpp"
#include "support/random_vgg19.hpp"

namespace impasto::bench {

namespace {

/// Maps of half end at 65504: the network is scaled by powers of two to fit, as stylize does.
template <class T>
nn::network fitted(context<cuda>& ctx, const nn::features_options& options) {
    context<cpu> host;
    auto net = random_vgg19(host);
    if constexpr (!std::same_as<T, half>)
        return net;
    const auto picture = random_pixels(ctx, {1, 3, 256, 256});
    const tensor_view<const float, cuda> pictures[] = {picture};
    return nn::fitted_to_half<cuda>(ctx, net, net.layers.size() - 1, pictures, options);
}

/// What else an iteration may do otherwise.
struct variant {
    ops::conv_engine engine = ops::conv_engine::native;
    bool recompute = false;
};

template <class T>
style::objective<T, cuda> make_objective(context<cuda>& ctx, std::int64_t side, const variant& v) {
    const style::objective_options options{
        .content_layers = {{"relu4_2"}},
        .style_layers = {{"relu1_1"}, {"relu2_1"}, {"relu3_1"}, {"relu4_1"}, {"relu5_1"}},
        .view = {.convolution = {.engine = v.engine}, .recompute = v.recompute}};
    const auto net = fitted<T>(ctx, style::extractor_options(options, {}));
    const auto photo = random_pixels(ctx, {1, 3, side, side}, 1),
               painting = random_pixels(ctx, photo.shape(), 2);
    const tensor_view<const float, cuda> paintings[] = {painting};
    const double shares[] = {1};
    auto manner = style::make_style_target<T, cuda>(
        ctx, net, style::extractor_options(options, options.style_layers), paintings, shares);
    style::objective<T, cuda> result(ctx, net, photo.shape(), options);
    result.set_content(photo);
    result.set_style(std::move(manner));
    ctx.synchronize();
    return result;
}

/// Times steps by the host's clock, each until the GPU is done, after a few that are not counted:
/// the first ones bring memory to its size and record what is replayed later.
template <class Step>
void time_steps(benchmark::State& state, int uncounted, const Step& step) {
    auto& ctx = device();
    for (int i = 0; i < uncounted; ++i)
        step();
    std::vector<double> seconds;
    for (auto _ : state) {
        ctx.synchronize();
        const auto start = std::chrono::steady_clock::now();
        step();
        ctx.synchronize();
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(taken.count());
        seconds.push_back(taken.count());
    }
    const auto times = spread_of(std::move(seconds));
    state.counters["median"] = times.median;
    state.counters["low"] = times.low;
    state.counters["high"] = times.high;
}

/// Device memory that this row has come to hold; `planned` is what the library said before.
template <class Objective>
void count_memory(benchmark::State& state, const Objective& objective, std::size_t free_before) {
    state.counters["device"] =
        static_cast<double>(free_before) - static_cast<double>(device().free_bytes());
    state.counters["planned"] = static_cast<double>(objective.peak_bytes());
}

template <class T>
void run_adam(benchmark::State& state, const variant& v) {
    auto& ctx = device();
    const auto free = ctx.free_bytes();
    auto objective = make_objective<T>(ctx, state.range(0), v);
    auto x = random_pixels(ctx, {1, 3, state.range(0), state.range(0)}, 3);
    optim::adam<cuda> adam(ctx, x.shape());
    time_steps(state, 5, [&] { benchmark::DoNotOptimize(adam.step(objective, x)); });
    state.counters["FLOP"] =
        4.0 * static_cast<double>(objective.forward_macs()) / state.counters["median"].value;
    count_memory(state, objective, free);
}

template <class T>
void run_lbfgs(benchmark::State& state, const variant& v) {
    constexpr int history = 100;
    auto& ctx = device();
    const auto free = ctx.free_bytes();
    auto objective = make_objective<T>(ctx, state.range(0), v);
    auto x = random_pixels(ctx, {1, 3, state.range(0), state.range(0)}, 3);
    optim::lbfgs<cuda> lbfgs(ctx, x.shape(), {.history = history});
    double steps = 0, evaluations = 0;
    time_steps(state, history + 5, [&] {  // filled first
        evaluations += lbfgs.step(objective, x).evaluations;
        ++steps;
    });
    state.counters["evaluations"] = evaluations / steps;
    count_memory(state, objective, free);
}

/// iteration/vgg19/adam/bfloat16/1024, /bfloat16/cudnn/1024, /bfloat16/recompute/4096
template <class T>
void add_type() {
    const std::string type = type_name<T>;
    const auto add_adam = [](const std::string& name, const variant& v) {
        return add_timed("iteration/vgg19/adam/" + name,
                         [=](auto& state) { run_adam<T>(state, v); });
    };
    for (const auto engine : {ops::conv_engine::native, ops::conv_engine::cudnn}) {
        const variant v{engine};
        const bool native = engine == ops::conv_engine::native;
        const auto name = type + (native ? "" : "/cudnn");
        auto* adam = add_adam(name, v);
        auto* lbfgs = add_timed("iteration/vgg19/lbfgs/" + name,
                                [=](auto& state) { run_lbfgs<T>(state, v); });
        for (const std::int64_t side : {512, 1024}) {
            adam->Arg(side);
            lbfgs->Arg(side);
        }
        if (native)
            adam->Arg(2048)->Arg(4096);
    }
    add_adam(type + "/recompute", {.recompute = true})->Arg(1024)->Arg(4096);
}

}  // namespace

void add_benchmarks() {
    add_type<bfloat16>();
    add_type<half>();
    add_type<tf32>();
    add_type<float>();
}

}  // namespace impasto::bench
