#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/insight/unit_patches.hpp>
#include <impasto/weights/weights.hpp>

#include "insight/networks.hpp"
#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using namespace impasto::insight;

namespace {

using channels = std::vector<std::int64_t>;

/// Two channels of relu1_1. The first answers to light; the second, a thousand times as strongly,
/// to less light than a whole square of 3×3 pixels has in these pictures: where the square reaches
/// over a corner of the picture, into the zeros there.
nn::network padding_network() {
    auto net = test::positive_network(nn::vgg16);
    auto& filter = net.filters[0];
    for (std::int64_t i = 0; i < 27; ++i) {
        filter.weights.data()[i] = 0.1f;
        filter.weights.data()[27 + i] = -100;
    }
    filter.bias.data()[0] = 0;
    filter.bias.data()[1] = 540;
    net.input = {};
    return net;
}

std::vector<image::picture> bright_pictures(context<cpu>& ctx, unsigned count) {
    std::vector<image::picture> all;
    for (unsigned i = 0; i < count; ++i)
        all.push_back(to_tensor(ctx, random_map(3, 11 + i, 17, 70 + i, 0.3, 0.4)));
    return all;
}

/// A list whose patches are all of one strength.
void fill(top_patches& found, std::int64_t channel, float activation, bool central = true) {
    for (std::int64_t i = 0; i < found.top(); ++i)
        found.add(channel, {activation, i, 0, 0, central});
}

}  // namespace

TEST_CASE("the strongest channels are not those that only see the padding") {
    context<cpu> ctx({.threads = 2});
    const auto net = padding_network();
    const auto pictures = GENERATE(2u, 6u);  // fewer, and more, than patches are kept
    unit_patches search(net, {.layers = {"relu1_1"}, .top = 4});
    unit_patches replicated(
        net, {.layers = {"relu1_1"}, .top = 4, .view = {.border = ops::border::replicate}});
    const auto all = bright_pictures(ctx, pictures);
    for (std::size_t i = 0; i < all.size(); ++i) {
        search.add(ctx, all[i], static_cast<std::int64_t>(i));
        replicated.add(ctx, all[i], static_cast<std::int64_t>(i));
    }
    const auto& found = search.found(0);
    REQUIRE(!found.of(1).empty());
    CHECK(found.of(1)[0].activation > 10 * found.of(0)[0].activation);
    CHECK(std::ranges::none_of(found.of(1), &unit_patch::central));
    CHECK(std::ranges::all_of(found.of(0), &unit_patch::central));
    CHECK(strongest_channels(found, 1) == channels{0});
    CHECK(strongest_channels(found, 9) == channels{0, 1});
    CHECK(strongest_channels(replicated.found(0), 9) == channels{0});
}

TEST_CASE("the strongest channels have patches far above what pictures usually excite") {
    top_patches found(5, 2);
    fill(found, 0, 100);
    fill(found, 1, 10);
    fill(found, 2, 50, false);
    fill(found, 3, 1);
    const auto few = channels{0, 1, 3, 2};
    CHECK(strongest_channels(found, 9) == few);
    for (int i = 0; i < 2; ++i)
        found.saw(std::vector<float>{80, 2, 1, 0.01f, 0});
    CHECK(strongest_channels(found, 9) == few);  // no more pictures than patches
    found.saw(std::vector<float>{80, 2, 1, 0.01f, 0});
    // 100/80, 10/4.2 and 1/4.2, for a quarter of the mean over channels is 4.2.
    CHECK(strongest_channels(found, 9) == channels{1, 0, 3, 2});
    CHECK(strongest_channels(found, 2) == channels{1, 0});
}

TEST_CASE("patches that see the padding add nothing to a channel's score") {
    top_patches found(3, 2);
    found.add(0, {10, 0, 0, 0, true});
    found.add(0, {9, 1, 0, 0, true});
    found.add(1, {12, 0, 0, 0, true});
    found.add(1, {11, 1, 0, 0, false});
    found.add(2, {10, 0, 0, 0, true});
    found.add(2, {9, 1, 0, 0, true});
    CHECK(strongest_channels(found, 3) == channels{0, 2, 1});
    top_patches beside(3, 2);  // none of whose patches count
    fill(beside, 0, 1, false);
    fill(beside, 1, 3, false);
    fill(beside, 2, 3, false);
    CHECK(strongest_channels(beside, 3) == channels{1, 2, 0});
}

TEST_CASE("typical activations are the means of the pictures' largest") {
    context<cpu> ctx({.threads = 2});
    const auto net = weights::built_in();
    const auto all = bright_pictures(ctx, 5);
    unit_patches search(net, {.layers = {"relu2_1"}, .top = 2});
    std::vector<double> sums(static_cast<std::size_t>(search.found(0).channels()));
    for (std::size_t i = 0; i < all.size(); ++i) {
        search.add(ctx, all[i], static_cast<std::int64_t>(i));
        nn::features<float, cpu> features(ctx, net, all[i].shape(),
                                          {.taps = {"relu2_1"}, .backward = false});
        features.forward(ctx, all[i]);
        const auto map = to_map(ctx, features.tap(0));
        for (std::int64_t k = 0; k < map.c; ++k) {
            double largest = 0;
            for (std::int64_t y = 0; y < map.h; ++y)
                for (std::int64_t x = 0; x < map.w; ++x)
                    largest = std::max(largest, map.at(k, y, x));
            sums[static_cast<std::size_t>(k)] += largest;
        }
    }
    CHECK(search.found(0).pictures() == 5);
    for (std::size_t k = 0; k < sums.size(); ++k)
        CHECK(search.found(0).typical(static_cast<std::int64_t>(k)) ==
              Approx(sums[k] / 5).margin(1e-6));
}

TEST_CASE("typical activations are the same in any order of pictures, and merged") {
    std::vector<float> values(100, 1.4f * 0x1p-20f);  // would be rounded beside 2³²
    values.insert(values.begin() + 30, 0x1p32f);
    top_patches forward(1, 1), backward(1, 1), left(1, 1), right(1, 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
        forward.saw(std::span(&values[i], 1));
        backward.saw(std::span(&values[values.size() - 1 - i], 1));
        (i % 2 == 0 ? left : right).saw(std::span(&values[i], 1));
    }
    right.merge(left);
    CHECK(forward.typical(0) == Approx(0x1p32 / 101));
    CHECK(backward.typical(0) == forward.typical(0));
    CHECK(right.typical(0) == forward.typical(0));
    CHECK(right.pictures() == 101);
    CHECK(top_patches(1, 1).typical(0) == 0);
    CHECK_THROWS_AS(right.saw(std::vector<float>(2)), shape_error);
}

TEST_CASE("tiles see the same typical activations and central patches as the whole picture") {
    context<cpu> ctx({.threads = 2});
    const auto net = weights::built_in();
    unit_patches_options options{.layers = {"relu3_1", "relu1_1"},
                                 .top = 4,
                                 .positions = per_picture::any,
                                 .view = {.convolution = {ops::conv_algorithm::direct}}};
    unit_patches whole(net, options);
    options.tile = 64;
    unit_patches tiled(net, options);
    for (unsigned i = 0; i < 5; ++i) {
        const auto picture = to_tensor(ctx, random_map(3, 103, 87 + i, 90 + i, 0, 1));
        whole.add(ctx, picture, i);
        tiled.add(ctx, picture, i);
    }
    for (std::size_t layer = 0; layer < 2; ++layer) {
        const auto &a = whole.found(layer), &b = tiled.found(layer);
        std::size_t central = 0;
        for (std::int64_t k = 0; k < a.channels(); ++k) {
            CHECK(a.typical(k) == b.typical(k));
            CHECK(std::ranges::equal(a.of(k), b.of(k)));
            central +=
                static_cast<std::size_t>(std::ranges::count_if(a.of(k), &unit_patch::central));
        }
        CHECK(central > 0);
        CHECK(strongest_channels(a, 20) == strongest_channels(b, 20));
    }
}
