#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/image/resize.hpp>
#include <impasto/insight/unit_gradient.hpp>
#include <impasto/insight/unit_patches.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/weights/weights.hpp>

#include "support/engine.hpp"

using namespace impasto;
using namespace support;
using namespace impasto::insight;

namespace {

/// Smooth noise, as photos are.
image::picture noise(std::int64_t height, std::int64_t width, std::uint64_t seed) {
    context<cpu> ctx;
    image::picture coarse({1, 3, 2 + height / 5, 2 + width / 5});
    ops::fill_uniform(ctx, seed, 0, 1, coarse);
    return image::resize(coarse, height, width);
}

/// Of odd sizes; the first comes twice, so that its activations have equals.
std::vector<image::picture> pictures() {
    std::vector<image::picture> all;
    all.push_back(noise(23, 31, 1));
    all.push_back(noise(9, 14, 2));
    all.push_back(noise(23, 31, 1));
    all.push_back(noise(21, 12, 3));
    return all;
}

using lists = std::vector<std::vector<unit_patch>>;  // by channel

lists of(const top_patches& found) {
    lists all;
    for (std::int64_t k = 0; k < found.channels(); ++k)
        all.emplace_back(found.of(k).begin(), found.of(k).end());
    return all;
}

template <class T, class Device>
std::vector<lists> search(context<Device>& ctx, const std::vector<image::picture>& pictures,
                          const unit_patches_options& options) {
    static const auto net = weights::built_in();
    unit_patches<T, Device> found(net, options);
    for (std::size_t i = 0; i < pictures.size(); ++i)
        found.add(ctx, pictures[i], static_cast<std::int64_t>(i));
    std::vector<lists> result;
    for (std::size_t layer = 0; layer < options.layers.size(); ++layer)
        result.push_back(of(found.found(layer)));
    return result;
}

/// What the CPU sees at a layer, picture by picture.
std::vector<map<double>> maps_of(const std::vector<image::picture>& pictures,
                                 const std::string& layer) {
    context<cpu> ctx;
    const auto net = weights::built_in();
    std::vector<map<double>> maps;
    for (const auto& picture : pictures) {
        nn::features<float, cpu> features(ctx, net, picture.shape(),
                                          {.taps = {layer},
                                           .view = {.convolution = {ops::conv_algorithm::direct}},
                                           .backward = false});
        features.forward(ctx, picture);
        maps.push_back(to_map(ctx, features.tap(0)));
    }
    return maps;
}

/// The same activations, from places where the CPU sees that activation: within `rounding` of a
/// channel's largest, all of them.
void check_agreement(const lists& found, const lists& expected,
                     const std::vector<map<double>>& maps, double rounding) {
    REQUIRE(found.size() == expected.size());
    std::size_t patches = 0;
    for (std::size_t k = 0; k < found.size(); ++k) {
        if (expected[k].empty())
            continue;
        const double room = rounding * static_cast<double>(expected[k][0].activation);
        for (std::size_t i = 0; i < std::min(found[k].size(), expected[k].size()); ++i) {
            const auto& patch = found[k][i];
            CAPTURE(k, i, patch.picture, patch.row, patch.column);
            const auto activation = static_cast<double>(patch.activation);
            CHECK(std::abs(activation - static_cast<double>(expected[k][i].activation)) <= room);
            const auto& seen = maps[static_cast<std::size_t>(patch.picture)];
            CHECK(std::abs(activation -
                           seen.at(static_cast<std::int64_t>(k), patch.row, patch.column)) <= room);
            ++patches;
        }
        // Which of the values next to zero are above it is a matter of rounding.
        for (std::size_t i = found[k].size(); i < expected[k].size(); ++i)
            CHECK(static_cast<double>(expected[k][i].activation) <= room);
        for (std::size_t i = expected[k].size(); i < found[k].size(); ++i)
            CHECK(static_cast<double>(found[k][i].activation) <= room);
    }
    CHECK(patches > found.size());
}

/// Half of a channel's places, and whole groups of equal values among the rest.
map<double> with_equals(std::int64_t c, std::int64_t h, std::int64_t w, unsigned seed) {
    auto m = random_map(c, h, w, seed);
    for (double& v : m.values)
        v = std::max(0.0, std::round(16 * v) / 16);
    return m;
}

}  // namespace

TEMPLATE_TEST_CASE("over the same map a GPU finds the CPU's patches to the last bit, ties and all",
                   "", float, half, bfloat16) {
    context<cpu> here({.threads = 2});
    context<cuda> there;
    const auto positions = GENERATE(per_picture::one, per_picture::any);
    for (const auto& s : {shape{1, 19, 13, 11}, shape{1, 72, 5, 37}}) {
        const std::int64_t top = GENERATE(1, 6);
        top_patches expected(s.c, top, positions), found(s.c, top, positions);
        map_search on_cpu;
        map_search<TestType, cuda> on_gpu;
        const image::box central{3, 1, s.w - 5, 3};
        std::vector<float> largest_here(static_cast<std::size_t>(s.c)),
            largest_there = largest_here;
        for (const unsigned picture : {3u, 1u, 2u}) {
            const auto m = with_equals(s.c, s.h, s.w, picture);
            const auto wide = to_tensor(here, m, layout::nchw8c);
            const auto device = to_device<TestType>(there, m);
            const auto add = [&](std::int64_t row, std::int64_t rows, std::int64_t column,
                                 std::int64_t columns) {
                on_cpu.add(here, {wide, {{row, column, rows, columns}, row, column}, 4, central},
                           picture, expected, largest_here);
                on_gpu.add(there, {device, {{row, column, rows, columns}, row, column}, 4, central},
                           picture, found, largest_there);
            };
            add(2, s.h - 2, 4, s.w - 4);
            add(0, 2, 0, s.w);
            add(2, s.h - 2, 0, 4);
            add(0, 0, 0, 4);
        }
        CHECK(of(found) == of(expected));
        CHECK(largest_there == largest_here);
        CHECK(of(found)[0].size() == static_cast<std::size_t>(std::min<std::int64_t>(
                                         top, positions == per_picture::one ? 3 : 6)));
    }
}

TEMPLATE_TEST_CASE("a GPU finds what the CPU finds in the same pictures", "", float, half,
                   bfloat16) {
    context<cpu> here({.threads = 2});
    context<cuda> there;
    const auto all = pictures();
    const auto positions = GENERATE(per_picture::one, per_picture::any);
    const unit_patches_options options{.layers = {"relu2_1", "relu1_1", "pool1"},
                                       .top = 3,
                                       .positions = positions,
                                       .view = {.convolution = {ops::conv_algorithm::direct}}};
    const auto expected = search<float>(here, all, options);
    const auto found = search<TestType>(there, all, options);
    for (std::size_t layer = 0; layer < options.layers.size(); ++layer) {
        CAPTURE(options.layers[layer]);
        check_agreement(found[layer], expected[layer], maps_of(all, options.layers[layer]),
                        std::is_same_v<TestType, float>  ? 1e-5
                        : std::is_same_v<TestType, half> ? 5e-3
                                                         : 4e-2);
    }
    CHECK(search<TestType>(there, all, options) == found);
}

TEST_CASE("a GPU's searches merge, and tiles find what the whole picture has") {
    context<cuda> there;
    const auto net = weights::built_in();
    const auto all = pictures();
    unit_patches_options options{.layers = {"relu2_1", "relu1_2"},
                                 .top = 4,
                                 .positions = per_picture::any,
                                 .view = {.border = ops::border::replicate}};
    const auto whole = search<float>(there, all, options);
    options.tile = 19;
    CHECK(search<float>(there, all, options) == whole);

    unit_patches<float, cuda> even(net, options), odd(net, options);
    for (std::size_t i = 0; i < all.size(); ++i)
        (i % 2 == 0 ? even : odd).add(there, all[i], static_cast<std::int64_t>(i));
    odd.merge(even);
    for (std::size_t layer = 0; layer < options.layers.size(); ++layer)
        CHECK(of(odd.found(layer)) == whole[layer]);
}

TEST_CASE("activations in float16 are the network's own where its maps are scaled") {
    context<cuda> there;
    auto net = weights::built_in();
    for (auto* values : {&net.filters[0].weights, &net.filters[0].bias})
        for (float& v : *values)
            v *= 0x1p18f;  // half itself ends at 2¹⁶
    const unit_patches_options options{.layers = {"relu1_1"}, .top = 2};
    unit_patches<half, cuda> loud(net, options);
    const auto picture = noise(11, 13, 4);
    loud.add(there, picture, 0);
    unit_patches<float, cuda> exact(net, options);
    exact.add(there, picture, 0);
    bool beyond = false;
    for (std::int64_t k = 0; k < exact.found(0).channels(); ++k) {
        const auto found = loud.found(0).of(k), expected = exact.found(0).of(k);
        if (expected.empty())
            continue;
        REQUIRE(found.size() == expected.size());
        CHECK(found[0].activation == Approx(expected[0].activation).epsilon(5e-3).margin(64));
        beyond = beyond || found[0].activation > 65504;
    }
    CHECK(beyond);

    auto glaring = noise(11, 13, 5);
    for (float& v : glaring)
        v *= 1e4f;
    CHECK_THROWS_AS(loud.add(there, glaring, 1), option_error);
}

TEST_CASE("a unit's gradient on a GPU is the CPU's, guided or not") {
    context<cpu> here({.threads = 2});
    context<cuda> there;
    const auto net = weights::built_in();
    const auto pixels = noise(33, 27, 5);
    const bool guided = GENERATE(false, true);
    for (const auto& [layer, channel] : {std::pair{"relu2_2", 40}, {"pool1", 7}, {"relu1_2", 31}}) {
        const nn::features_options options{.taps = {layer},
                                           .view = {.border = ops::border::replicate,
                                                    .convolution = {ops::conv_algorithm::direct}},
                                           .guided = guided};
        unit_gradient on_cpu(net, options);
        unit_gradient<cuda> on_gpu(net, options);
        const auto stride = on_cpu.field().stride;
        bool excited = false;
        for (const auto row : {std::int64_t{0}, 33 / stride / 2, 33 / stride - 1})
            for (const auto column : {std::int64_t{0}, 27 / stride - 1}) {
                CAPTURE(layer, row, column, guided);
                const unit at{channel, row, column};
                const auto expected = on_cpu.of(here, pixels, at);
                const auto found = on_gpu.of(there, pixels, at);
                REQUIRE(found.shape() == expected.shape());
                CHECK(worst_error({found.begin(), found.end()},
                                  {expected.begin(), expected.end()}) < 1e-5);
                excited = excited || std::ranges::any_of(expected, [](float v) { return v != 0; });
            }
        CHECK(excited);
    }
    CHECK_THROWS_AS(unit_gradient<cuda>(net, {.taps = {"relu1_1"}}).of(there, pixels, {0, 33, 0}),
                    option_error);
}
