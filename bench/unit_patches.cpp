/// The search for the patches that excite each unit most, beside the forward pass that it cannot do
/// without: a stream of pictures, all channels of a layer, the nine best. The pictures have detail
/// of every size, as photos do. They are of one size or of eight, one after another; the forward
/// pass alone is planned for all of them before.
#include <memory>
#include <string>
#include <vector>

#include <impasto/image/resize.hpp>
#include <impasto/insight/unit_patches.hpp>
#include <impasto/weights/weights.hpp>

#include "support/bench.hpp"
#include "support/random_vgg19.hpp"

namespace impasto::bench {

namespace {

constexpr std::size_t count = 8;

enum class sizes { one, eight };

std::vector<image::picture> pictures(context<cpu>& ctx, std::int64_t side, sizes which) {
    std::vector<image::picture> all;
    for (std::size_t i = 0; i < count; ++i) {
        const auto height = which == sizes::one ? side : side - 8 * static_cast<std::int64_t>(i);
        image::picture sum({1, 3, height, side});
        ops::fill(ctx, 0.5f, sum);
        float weight = 0.2f;
        for (std::int64_t detail = 4; detail <= side; detail *= 4, weight /= 2) {
            tensor<float, cpu> coarse({1, 3, detail, detail});
            ops::fill_uniform(ctx, i * 100 + static_cast<std::uint64_t>(detail), -1, 1, coarse);
            ops::axpy(ctx, weight, image::resize_planes(coarse, height, side), sum);
        }
        ops::clamp(ctx, 0, 1, sum);
        all.push_back(std::move(sum));
    }
    return all;
}

struct search_case {
    std::vector<std::string> layers;
    sizes which = sizes::one;
    insight::per_picture positions = insight::per_picture::one;
};

void run_forward(benchmark::State& state, const nn::network& net, const search_case& c) {
    context<cpu> ctx(machine);
    const auto all = pictures(ctx, state.range(0), c.which);
    std::vector<std::unique_ptr<nn::features<float, cpu>>> plans;
    for (const auto& picture : all)
        if (plans.empty() || c.which == sizes::eight)
            plans.push_back(std::make_unique<nn::features<float, cpu>>(
                ctx, net, picture.shape(),
                nn::features_options{.taps = c.layers, .backward = false}));
    const auto forward = [&] {
        for (std::size_t i = 0; i < all.size(); ++i)
            plans[i % plans.size()]->forward(ctx, all[i]);
    };
    forward();  // touches the memory
    for (auto _ : state)
        forward();
    state.SetItemsProcessed(state.iterations() * std::ssize(all));
}

void run_search(benchmark::State& state, const nn::network& net, const search_case& c) {
    context<cpu> ctx(machine);
    const auto all = pictures(ctx, state.range(0), c.which);
    insight::unit_patches search(net, {.layers = c.layers, .positions = c.positions});
    std::int64_t number = 0;
    for (const auto& picture : all)  // plans
        search.add(ctx, picture, number++);
    for (auto _ : state)
        for (const auto& picture : all)
            search.add(ctx, picture, number++);
    state.SetItemsProcessed(state.iterations() * std::ssize(all));
}

void add_pair(const std::string& name, const nn::network& net, const search_case& c,
              std::int64_t side) {
    add("forward/" + name, [&net, c](auto& state) { run_forward(state, net, c); })->Arg(side);
    add("search, one a picture/" + name, [&net, c](auto& state) {
        run_search(state, net, c);
    })->Arg(side);
}

}  // namespace

void add_benchmarks() {
    static const auto built_in = weights::built_in();
    static context<cpu> ctx;
    static const auto vgg19 = random_vgg19(ctx);
    const std::vector<std::vector<std::string>> sets{
        {"relu1_1"}, {"relu1_2"}, {"relu2_1"},
        {"relu3_2"}, {"relu4_2"}, {"relu1_2", "relu2_2", "relu3_3", "relu4_2"}};
    for (const auto& layers : sets) {
        const std::string name = layers.size() == 1 ? layers[0] : "four layers";
        for (const std::int64_t side : {256, 512}) {
            search_case c{.layers = layers};
            add_pair(name, built_in, c, side);
            c.positions = insight::per_picture::any;
            add("search, any position/" + name, [c](auto& state) {
                run_search(state, built_in, c);
            })->Arg(side);
        }
    }
    for (const auto* layer : {"relu1_1", "relu4_2"})
        for (const std::int64_t side : {256, 512}) {
            const search_case c{.layers = {layer}, .which = sizes::eight};
            add_pair("eight sizes/" + std::string(layer), built_in, c, side);
            add_pair("vgg19/eight sizes/" + std::string(layer), vgg19, c, side);
        }
    add_pair("vgg19/relu1_1", vgg19, {.layers = {"relu1_1"}}, 512);
}

}  // namespace impasto::bench
