#include <algorithm>
#include <numeric>

#include <catch2/catch.hpp>

#include <impasto/weights/weights.hpp>

using namespace impasto;

TEST_CASE("the built-in network is the small VGG, whole") {
    const nn::network network = weights::built_in();
    CHECK(network.name == "small-vgg");
    CHECK(network.origin == "impasto");
    CHECK(network.input.order == nn::channel_order::rgb);
    CHECK(network.input.scale / network.input.deviation[0] == Approx(255));
    CHECK(network.input.mean[2] == Approx(103.939 / 255));
    CHECK(std::ranges::equal(network.layers, nn::small_vgg.layers));
    REQUIRE(network.filters.size() == 9);

    // From the file, by another program.
    const auto sum = [](const tensor<float, cpu>& t) {
        return std::accumulate(t.begin(), t.end(), 0.0);
    };
    CHECK(network.filters[0].weights.data()[0] == 0.0179901123046875f);
    CHECK(network.filters[8].bias.data()[255] == 0.000308990478515625f);
    CHECK(sum(network.filters[0].weights) == Approx(-0.1845031976699829).epsilon(1e-12));
    CHECK(sum(network.filters[8].weights) == Approx(-525.6186711192131).epsilon(1e-12));
}
