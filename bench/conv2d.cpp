/// conv2d at the shapes of VGG-19 and of the built-in network, for pictures of 512×512.
/// FLOP are those of the definition, 2·9·in·out·H·W: Winograd does with fewer, so that `fastest`
/// may show more than the machine can do.
#include <impasto/ops/conv2d.hpp>

#include <impasto/nn/topology.hpp>

#include "support/bench.hpp"

namespace impasto::bench {

namespace {

enum class direction { forward, backward };

struct convolution {
    std::int64_t in, out, side;
    direction to;
    ops::conv_algorithm algorithm;
};

void run(benchmark::State& state, const convolution& c) {
    context<cpu> ctx(machine);
    const auto weights = random(ctx, {c.out, c.in, 3, 3});
    const auto bias = random(ctx, {1, c.out, 1, 1});
    const ops::conv2d<float, cpu> conv(
        ctx, weights, bias, {1, c.in, c.side, c.side},
        {.activation = ops::activation::relu, .method = {c.algorithm}});
    const bool forward = c.to == direction::forward;
    const auto features = ctx.feature_layout();
    auto x = random(ctx, conv.input_shape(), forward ? conv.input_layout() : features);
    auto y = random(ctx, conv.output_shape(), features);

    ctx.reserve(conv.scratch_bytes(ctx));
    for (auto _ : state) {
        if (forward)
            conv.forward(ctx, x, y);
        else
            conv.backward_data(ctx, y, x);
    }
    count_flop(state, 2.0 * 9 * static_cast<double>(c.in * c.out * c.side * c.side));
    state.SetLabel(std::to_string(c.in) + " to " + std::to_string(c.out) + " channels, " +
                   std::to_string(c.side) + "x" + std::to_string(c.side));
}

void add_network(const nn::topology& net) {
    std::int64_t side = 512;
    for (const auto& layer : net.layers) {
        if (layer.is_pool())
            side /= 2;
        // Third and fourth of a block are as the second; so are all after conv5_1.
        if (layer.is_pool() || layer.index > 2 || (layer.block == 5 && layer.index > 1))
            continue;
        const auto name = "conv2d/" + std::string(net.name) + "/" + nn::name_of(layer);
        convolution c{layer.in_channels, layer.out_channels, side, {}, {}};
        for (const auto to : {direction::forward, direction::backward})
            for (const auto algorithm :
                 {ops::conv_algorithm::direct, ops::conv_algorithm::fastest}) {
                c.to = to;
                c.algorithm = algorithm;
                add(name + (to == direction::forward ? "/forward" : "/backward_data") +
                        (algorithm == ops::conv_algorithm::direct ? "/direct" : "/fastest"),
                    [c](benchmark::State& state) { run(state, c); });
            }
    }
}

}  // namespace

void add_benchmarks() {
    add_network(nn::vgg19);
    add_network(nn::small_vgg);
}

}  // namespace impasto::bench
