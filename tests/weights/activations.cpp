#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/nn/features.hpp>
#include <impasto/weights/activations.hpp>
#include <impasto/weights/save.hpp>
#include <impasto/weights/weights.hpp>

#include "support/temporary_folder.hpp"
#include "weights/support.hpp"

using namespace impasto;
using Catch::Matchers::Contains;

namespace {

std::vector<float> map_of(const nn::network& network, const char* tap) {
    context<cpu> here({.threads = 1});
    const auto picture = weights::test_picture();
    nn::features<float, cpu> features(here, network, picture.shape(),
                                      {.taps = {tap}, .backward = false});
    features.forward(here, picture);
    tensor<float, cpu> map(features.tap_shape(0));
    ops::reorder(here, features.tap(0), map);
    return {map.begin(), map.end()};
}

bool same_filters(const nn::network& a, const nn::network& b) {
    return std::ranges::equal(a.filters, b.filters, [](const nn::filter& f, const nn::filter& g) {
        return std::ranges::equal(f.weights, g.weights) && std::ranges::equal(f.bias, g.bias);
    });
}

}  // namespace

TEST_CASE("a network that was saved loads as it was") {
    const test::temporary_folder folder;
    auto network = weights::built_in();
    network.input = {255, {103.939f, 116.779f, 1 / 3.f}, {1, 2, 3}, nn::channel_order::bgr};
    weights::save(folder / "a.safetensors", network);
    const auto again = weights::load(folder / "a.safetensors");
    CHECK(again.layers == network.layers);
    CHECK(again.input == network.input);
    CHECK(again.origin == "impasto");
    CHECK(same_filters(again, network));
    CHECK(weights::fingerprint(again) == weights::fingerprint(network));

    // The built-in filters were halves before they were widened.
    weights::save(folder / "b.safetensors", network, weights::safetensors::precision::float16);
    CHECK(same_filters(weights::load(folder / "b.safetensors"), network));
    const auto size = [&](const char* name) { return std::filesystem::file_size(folder / name); };
    CHECK(size("b.safetensors") * 100 < size("a.safetensors") * 51);
}

TEST_CASE("an input of another scale is saved as one from 0 to 1") {
    const test::temporary_folder folder;
    auto network = weights::built_in();
    network.input = {.scale = 2, .mean = {1, 1, 1}, .deviation = {1, 4, 0.5f}};
    weights::save(folder / "a.safetensors", network);
    const nn::preprocessing same{.scale = 1, .mean = {.5f, .5f, .5f}, .deviation = {.5f, 2, .25f}};
    CHECK(weights::load(folder / "a.safetensors").input == same);
}

TEST_CASE("what does not fit float16 is not rounded to infinity") {
    const test::temporary_folder folder;
    auto network = weights::built_in();
    network.filters[1].bias.data()[3] = -70000;
    CHECK_THROWS_WITH(
        weights::save(folder / "a.safetensors", network, weights::safetensors::precision::float16),
        Contains("conv1_2.bias") && Contains("65504"));
    CHECK(!std::filesystem::exists(folder / "a.safetensors"));
}

TEST_CASE("normalised filters have mean activations of 1 and compute the same") {
    context<cpu> here({.threads = 1});
    auto network = weights::built_in();
    auto& dead = network.filters[0];  // a channel that nothing moves
    std::fill_n(dead.weights.data() + 5 * 27, 27, 0.f);
    dead.bias.data()[5] = -1;
    const auto picture = weights::test_picture();
    const image::picture_view pictures[] = {picture.view(), picture.view()};
    const auto before = weights::measure_activations(here, network, pictures);
    const auto map_before = map_of(network, "relu4_2");

    weights::normalize_activations(here, network, pictures);
    const auto after = weights::measure_activations(here, network, pictures);
    for (std::size_t i = 0; i < after.size(); ++i)
        for (std::size_t c = 0; c < after[i].channel_means.size(); ++c) {
            CAPTURE(after[i].name, c);
            const bool is_dead = before[i].channel_means[c] == 0;
            CHECK(after[i].channel_means[c] == Approx(is_dead ? 0 : 1).margin(1e-3));
        }
    CHECK(before[0].channel_means[5] == 0);
    const auto map_after = map_of(network, "relu4_2");
    const auto& means = before.back().channel_means;
    const std::size_t positions = map_before.size() / means.size();
    for (std::size_t i = 0; i < map_before.size(); ++i)
        REQUIRE(map_after[i] * means[i / positions] ==
                Approx(map_before[i]).epsilon(1e-3).margin(1e-3 * means[i / positions]));
}

TEST_CASE("activations are those of a network worked out by hand") {
    // One layer: channel 0 passes red on, channel 1 is dead, channel 2 is 0.25 everywhere.
    test::made_up_tensors tensors(nn::small_vgg, 1, false);
    auto& weight = tensors.values("conv1_1.weight");
    auto& bias = tensors.values("conv1_1.bias");
    std::ranges::fill(weight, 0.f);
    std::ranges::fill(bias, -1.f);
    weight[4] = 1;
    bias[0] = 0, bias[2] = 0.25f;
    const test::temporary_folder folder;
    tensors.write(folder / "a.safetensors");
    const auto network =
        weights::load(folder / "a.safetensors", {.preprocessing = nn::preprocessing{}});

    image::picture picture({1, 3, 1, 3});
    std::ranges::copy(std::array{0.f, .5f, 1.f, 9.f, 9.f, 9.f, 9.f, 9.f, 9.f}, picture.data());
    const image::picture_view pictures[] = {picture.view()};
    context<cpu> here({.threads = 1});
    const auto layers = weights::measure_activations(here, network, pictures);
    REQUIRE(layers.size() == 1);
    CHECK(layers[0].name == "relu1_1");
    CHECK(layers[0].channels == 32);
    CHECK(layers[0].dead == 30);
    CHECK(layers[0].largest == Approx(1));
    CHECK(layers[0].channel_means[0] == Approx(0.5));
    CHECK(layers[0].channel_means[2] == Approx(0.25));
    CHECK(layers[0].mean == Approx(0.75 / 32));
    const double mean_square = (0.25 / 3 + 1.0 / 3 + 0.0625) / 32;
    CHECK(layers[0].deviation == Approx(std::sqrt(mean_square - 0.75 * 0.75 / 32 / 32)));
    CHECK_THROWS_AS(weights::measure_activations(here, network, {}), option_error);
}

TEST_CASE("the built-in network does what it is known to do") {
    context<cpu> here({.threads = 1});
    const auto result = weights::verify(here, weights::built_in());
    CHECK(result.known_as == "the built-in network");
    CHECK(result.faults.empty());
}

TEST_CASE("verify sees another preprocessing, and dead layers") {
    context<cpu> here({.threads = 1});
    auto network = weights::built_in();
    network.input = nn::caffe_preprocessing;
    CHECK(weights::verify(here, network).known_as.empty());

    std::ranges::fill(network.filters[3].bias, -1e9f);
    const auto result = weights::verify(here, network);
    REQUIRE(!result.faults.empty());
    CHECK_THAT(result.faults.front(), Contains("relu2_2: 64 of 64 channels are dead"));
}
