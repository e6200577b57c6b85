/// One whole iteration, pixels to pixels: J and dJ/dpixels (content, Gram losses, total variation)
/// and an Adam step, in float32. Beside it the convolutions of the same network alone, which no
/// iteration can undercut; and the most memory that a run had resident. recompute: the same with
/// the first layer's map computed twice.
#include <algorithm>
#include <vector>

#include <impasto/nn/network.hpp>
#include <impasto/optim/adam.hpp>
#include <impasto/style/objective.hpp>
#include <impasto/weights/weights.hpp>

#include "support/bench.hpp"
#include "support/peak_memory.hpp"
#include "support/random_vgg19.hpp"

namespace impasto::bench {

namespace {

/// A network that ends at its last tap, and the layers whose style counts; content is relu4_2.
struct recipe {
    const char* name;
    nn::network (*make)(context<cpu>& ctx);
    std::vector<style::weighted_layer> style_layers;
};

const recipe vgg19{
    "vgg19", random_vgg19, {{"relu1_1"}, {"relu2_1"}, {"relu3_1"}, {"relu4_1"}, {"relu5_1"}}};
const recipe small{"small",
                   [](context<cpu>&) { return weights::built_in(); },
                   {{"relu1_1"}, {"relu2_1"}, {"relu3_1"}, {"relu4_1"}}};

tensor<float, cpu> picture(context<cpu>& ctx, std::uint64_t seed, std::int64_t side) {
    tensor<float, cpu> pixels({1, 3, side, side});
    ops::fill_uniform(ctx, seed, 0, 1, pixels);
    return pixels;
}

style::objective<float, cpu> make_objective(context<cpu>& ctx, const nn::network& net,
                                            const recipe& r, std::int64_t side, bool recompute) {
    const style::objective_options options{.content_layers = {{"relu4_2"}},
                                           .style_layers = r.style_layers,
                                           .view = {.recompute = recompute}};
    const auto photo = picture(ctx, 1, side), painting = picture(ctx, 2, side);
    const tensor_view<const float, cpu> paintings[] = {painting};
    const double shares[] = {1};
    auto manner = style::make_style_target<float, cpu>(
        ctx, net, style::extractor_options(options, options.style_layers), paintings, shares);
    style::objective<float, cpu> result(ctx, net, photo.shape(), options);
    result.set_content(photo);
    result.set_style(std::move(manner));
    return result;
}

void run_iteration(benchmark::State& state, const recipe& r, bool recompute) {
    peak_memory::reset();
    context<cpu> ctx(machine);
    const auto net = r.make(ctx);
    auto objective = make_objective(ctx, net, r, state.range(0), recompute);
    auto x = picture(ctx, 3, state.range(0));
    optim::adam<cpu> adam(ctx, x.shape());

    adam.step(objective, x);
    for (auto _ : state)
        adam.step(objective, x);
    count_flop(state, 4.0 * static_cast<double>(objective.forward_macs()));
    state.counters["peak"] = peak_memory::bytes();
    state.counters["planned"] = static_cast<double>(objective.peak_bytes());
}

/// Every convolution of a network, forward and then back, on two buffers in turn: pools, and
/// all else that an iteration does, are left out.
class convolutions {
public:
    convolutions(context<cpu>& ctx, const nn::network& net, std::int64_t side)
        : layout_(ctx.feature_layout()),
          pixels_(picture(ctx, 1, side)),
          d_pixels_(pixels_.shape(), layout_) {
        shape here = pixels_.shape();
        std::int64_t largest = 0;
        for (const auto& layer : net.layers) {
            if (layer.is_pool()) {
                here = ops::pooled(here);
                continue;
            }
            const auto& f = net.filters[convolutions_.size()];
            const auto& conv =
                convolutions_.emplace_back(ctx, f.weights.view(), f.bias.view(), here,
                                           ops::conv_options{.activation = ops::activation::relu});
            here = conv.output_shape();
            largest = std::max(largest, here.elements());
            macs_ += 9 * conv.input_shape().c * here.elements();
            ctx.reserve(conv.scratch_bytes(ctx));
        }
        for (auto& buffer : buffers_)
            buffer = random(ctx, {1, 1, 1, largest});
    }

    void run(context<cpu>& ctx) {
        for (std::size_t i = 0; i < convolutions_.size(); ++i)
            convolutions_[i].forward(ctx, i == 0 ? pixels_.view() : input(i), output(i));
        for (std::size_t i = convolutions_.size(); i-- > 0;)
            convolutions_[i].backward_data(ctx, output(i), i == 0 ? d_pixels_.view() : input(i));
    }

    [[nodiscard]] double flop() const { return 4.0 * static_cast<double>(macs_); }

private:
    tensor_view<float, cpu> output(std::size_t i) {
        return {buffers_[i % 2].data(), convolutions_[i].output_shape(), layout_};
    }
    tensor_view<float, cpu> input(std::size_t i) {
        return {buffers_[(i + 1) % 2].data(), convolutions_[i].input_shape(), layout_};
    }

    layout layout_;
    tensor<float, cpu> pixels_, d_pixels_, buffers_[2];
    std::vector<ops::conv2d<float, cpu>> convolutions_;
    std::int64_t macs_ = 0;
};

void run_convolutions(benchmark::State& state, const recipe& r) {
    context<cpu> ctx(machine);
    convolutions all(ctx, r.make(ctx), state.range(0));
    all.run(ctx);
    for (auto _ : state)
        all.run(ctx);
    count_flop(state, all.flop());
}

}  // namespace

void add_benchmarks() {
    for (const auto* r : {&small, &vgg19})
        for (const std::int64_t side : {256, 512, 1024}) {
            const std::string name = r->name;
            add("iteration/" + name, [r](auto& state) {
                run_iteration(state, *r, false);
            })->Arg(side);
            add("recompute/" + name, [r](auto& state) {
                run_iteration(state, *r, true);
            })->Arg(side);
            add("convolutions/" + name, [r](auto& state) {
                run_convolutions(state, *r);
            })->Arg(side);
        }
}

}  // namespace impasto::bench
