#include <algorithm>
#include <numeric>

#include <catch2/catch.hpp>

#include <impasto/weights/weights.hpp>

using namespace impasto;

TEST_CASE("the built-in network is the small VGG, whole") {
    const nn::network network = weights::built_in();
    CHECK(network.name == "small-vgg");
    CHECK(network.origin == "impasto");
    CHECK(network.input == nn::torchvision_preprocessing);
    CHECK(std::ranges::equal(network.layers, nn::small_vgg.layers));
    REQUIRE(network.filters.size() == 9);

    // From the file, by another program.
    const auto sum = [](const tensor<float, cpu>& t) {
        return std::accumulate(t.begin(), t.end(), 0.0);
    };
    CHECK(network.filters[0].weights.data()[0] == 0.09228515625f);
    CHECK(network.filters[8].bias.data()[255] == 2.572265625f);
    CHECK(sum(network.filters[0].weights) == Approx(-2.878583312034607).epsilon(1e-12));
    CHECK(sum(network.filters[8].weights) == Approx(-537.4369443058968).epsilon(1e-12));
}
