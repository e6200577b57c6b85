#include <impasto/insight/judge.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/weights/weights.hpp>

#include "insight/networks.hpp"
#include "support/maps.hpp"
#include "support/network_in_double.hpp"

using namespace impasto;
using namespace support;
using Catch::Matchers::Contains;

namespace {

image::picture random_picture(std::int64_t height, std::int64_t width, unsigned seed) {
    return to_tensor(random_map(3, height, width, seed, 0, 1).values, {1, 3, height, width});
}

image::picture mixed(const image::picture& a, const image::picture& b, float share) {
    image::picture result(a.shape());
    for (std::int64_t i = 0; i < a.size(); ++i)
        result.data()[i] = (1 - share) * a.data()[i] + share * b.data()[i];
    return result;
}

/// The maps behind every ReLU by plain loops, under their names.
class reference_maps {
public:
    reference_maps(const nn::network& net, const image::picture& picture) {
        context<cpu> ctx;
        const network_in_double reference(
            net, net.layers.size() - 1, {.kind = ops::pooling::max, .scale = 1}, ops::border::zero);
        maps_ = reference.sums(to_map(ctx, picture));
        for (const auto& layer : net.layers)
            if (!layer.is_pool())
                names_.push_back(nn::tap_name_of(layer));
    }

    [[nodiscard]] map<double> at(const std::string& name) const {
        const auto found = std::ranges::find(names_, name) - names_.begin();
        return reference::relu(maps_[static_cast<std::size_t>(found)]);
    }
    [[nodiscard]] map<double> gram(const std::string& name) const {
        const auto m = at(name);
        map<double> result(1, m.c, m.c);
        result.values = reference::gram(m);
        for (double& value : result.values)
            value /= static_cast<double>(m.h * m.w);
        return result;
    }

private:
    std::vector<map<double>> maps_;
    std::vector<std::string> names_;
};

double relative_distance(const map<double>& a, const map<double>& b) {
    return reference::squared_error(a, b) / reference::dot(b.values, b.values);
}

nn::network without_last(nn::network net, std::size_t count) {
    net.layers.resize(net.layers.size() - count);
    net.filters.pop_back();
    return net;
}

}  // namespace

TEST_CASE("a judge finds no distance between a picture and itself") {
    context<cpu> ctx;
    const auto picture = random_picture(24, 33, 1);
    const auto found = insight::judge(ctx, weights::built_in(), picture, picture, picture);
    REQUIRE(found.style.size() == 4);
    for (const auto& term : found.style)
        CHECK(term.value == 0);
    CHECK(found.style_mean == 0);
    CHECK(found.content.value == 0);
}

TEST_CASE("a judge's distances are those of maps and Gram matrices by plain loops") {
    context<cpu> ctx;
    const bool deep = GENERATE(false, true);
    const auto network = deep ? test::positive_network(nn::vgg19) : weights::built_in();
    const int layers = deep ? 5 : 4;
    CAPTURE(network.name);
    // The photo and the painting are larger than the picture, the painting of other proportions.
    const auto picture = random_picture(18, 24, 1), photo = random_picture(27, 36, 2),
               painting = random_picture(48, 40, 3);
    const auto found =
        insight::judge(ctx, network, picture, photo, painting, {ops::conv_algorithm::direct});
    const reference_maps of_picture(network, picture),
        of_photo(network, image::resize(photo, 18, 24)),
        of_painting(network, image::resize(painting, 24, 20));

    REQUIRE(found.style.size() == static_cast<std::size_t>(layers));
    double mean = 0;
    for (std::size_t i = 0; i < found.style.size(); ++i) {
        const auto name = "relu" + std::to_string(i + 1) + "_1";
        const double expected = relative_distance(of_picture.gram(name), of_painting.gram(name));
        CHECK(found.style[i].name == name);
        CHECK(found.style[i].value == Approx(expected).epsilon(1e-3));
        mean += expected / layers;
    }
    CHECK(found.style_mean == Approx(mean).epsilon(1e-3));
    CHECK(found.content.name == "relu4_2");
    CHECK(
        found.content.value ==
        Approx(relative_distance(of_picture.at("relu4_2"), of_photo.at("relu4_2"))).epsilon(1e-3));
}

TEST_CASE("a judge's distances grow with what is mixed into a picture") {
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto picture = random_picture(32, 32, 1);
    image::picture grey(picture.shape());
    std::ranges::fill(grey, 0.5f);
    insight::judgement before;
    for (const float share : {0.1f, 0.3f, 0.6f}) {
        CAPTURE(share);
        const auto found = insight::judge(ctx, net, mixed(picture, grey, share), picture, picture);
        CHECK(found.content.value > before.content.value);
        CHECK(found.style_mean > before.style_mean);
        before = found;
    }
}

TEST_CASE("a judge says which picture is too small, and which layer a network lacks") {
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto picture = random_picture(24, 24, 1), tiny = random_picture(7, 24, 2);
    CHECK_THROWS_WITH(insight::judge(ctx, net, tiny, picture, picture),
                      Contains("picture: ") && Contains("24x7") && Contains("relu4_2"));
    CHECK_THROWS_WITH(insight::judge(ctx, net, picture, picture, tiny),
                      Contains("style: ") && Contains("24x7") && Contains("relu4_1"));
    CHECK_NOTHROW(insight::judge(ctx, net, picture, tiny, picture));  // brought to 24x24
    CHECK_THROWS_AS(
        insight::judge(ctx, net, filled({1, 1, 24, 24}, layout::nchw, 0), picture, picture),
        shape_error);
    CHECK_THROWS_WITH(
        insight::judge(ctx, without_last(weights::built_in(), 1), picture, picture, picture),
        Contains("relu4_2"));
}
