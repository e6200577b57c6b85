/// The search for the patches that excite each unit most, beside the forward pass that it cannot do
/// without: a stream of pictures of one size, all channels of a layer, the nine best. The pictures
/// have detail of every size, as photos do.
#include <string>
#include <vector>

#include <impasto/image/resize.hpp>
#include <impasto/insight/unit_patches.hpp>
#include <impasto/weights/weights.hpp>

#include "support/bench.hpp"

namespace impasto::bench {

namespace {

constexpr std::size_t count = 8;

std::vector<image::picture> pictures(context<cpu>& ctx, std::int64_t side) {
    std::vector<image::picture> all;
    for (std::size_t i = 0; i < count; ++i) {
        image::picture sum({1, 3, side, side});
        ops::fill(ctx, 0.5f, sum);
        float weight = 0.2f;
        for (std::int64_t detail = 4; detail <= side; detail *= 4, weight /= 2) {
            tensor<float, cpu> coarse({1, 3, detail, detail});
            ops::fill_uniform(ctx, i * 100 + static_cast<std::uint64_t>(detail), -1, 1, coarse);
            ops::axpy(ctx, weight, image::resize_planes(coarse, side, side), sum);
        }
        ops::clamp(ctx, 0, 1, sum);
        all.push_back(std::move(sum));
    }
    return all;
}

void run_forward(benchmark::State& state, const std::vector<std::string>& layers) {
    context<cpu> ctx(machine);
    const auto net = weights::built_in();
    const auto all = pictures(ctx, state.range(0));
    nn::features<float, cpu> features(ctx, net, all[0].shape(),
                                      {.taps = layers, .backward = false});
    for (auto _ : state)
        for (const auto& picture : all)
            features.forward(ctx, picture);
    state.SetItemsProcessed(state.iterations() * std::ssize(all));
}

void run_search(benchmark::State& state, const std::vector<std::string>& layers,
                insight::per_picture positions) {
    context<cpu> ctx(machine);
    const auto net = weights::built_in();
    const auto all = pictures(ctx, state.range(0));
    insight::unit_patches search(net, {.layers = layers, .positions = positions});
    std::int64_t number = 0;
    search.add(ctx, all[0], number++);  // plans
    for (auto _ : state)
        for (const auto& picture : all)
            search.add(ctx, picture, number++);
    state.SetItemsProcessed(state.iterations() * std::ssize(all));
}

}  // namespace

void add_benchmarks() {
    const std::vector<std::vector<std::string>> sets{
        {"relu1_1"}, {"relu3_2"}, {"relu4_2"}, {"relu1_2", "relu2_2", "relu3_3", "relu4_2"}};
    for (const auto& layers : sets) {
        const std::string name = layers.size() == 1 ? layers[0] : "four layers";
        for (const std::int64_t side : {256, 512}) {
            add("forward/" + name, [=](auto& state) { run_forward(state, layers); })->Arg(side);
            add("search, one a picture/" + name, [=](auto& state) {
                run_search(state, layers, insight::per_picture::one);
            })->Arg(side);
            add("search, any position/" + name, [=](auto& state) {
                run_search(state, layers, insight::per_picture::any);
            })->Arg(side);
        }
    }
}

}  // namespace impasto::bench
