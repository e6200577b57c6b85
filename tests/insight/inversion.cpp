#include <impasto/insight/inversion.hpp>
#include <impasto/insight/texture.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/insight/side_by_side.hpp>
#include <impasto/weights/weights.hpp>

#include "golden/golden.hpp"

using namespace impasto;
using Catch::Matchers::Contains;

namespace {

image::picture golden_picture(const std::string& key) {
    const auto& array = test::golden().at(key);
    image::picture result({1, 3, array.extents[1], array.extents[2]});
    std::ranges::copy(array.values, result.begin());
    return result;
}

stylize_options quick(stylize_options options) {
    options.size = 43;
    options.scales = 1;
    options.iterations = 60;
    return options;
}

std::vector<float> values_of(const image::picture& p) {
    return {p.begin(), p.end()};
}

image::picture plain(std::int64_t height, std::int64_t width, float value) {
    image::picture p({1, 3, height, width});
    std::ranges::fill(p, value);
    return p;
}

double style_error(const nn::network& net, image::picture_view painting,
                   image::picture_view picture) {
    context<cpu> ctx;
    auto options = insight::texture_preset();
    options.tv_weight = 0;
    options.style_weight = 1;
    options.style_layers.pop_back();  // the deepest has few units in such small pictures
    return evaluate(ctx, net, picture, std::span(&painting, 1), picture, options).losses.total;
}

}  // namespace

TEST_CASE("a low layer gives the pixels back, and each one further up fewer of them") {
    const auto net = weights::built_in();
    const auto photo = golden_picture("content");
    context<cpu> ctx;
    const std::vector<std::string> layers{"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
    const auto found = insight::invert(ctx, net, photo, layers, quick(insight::inversion_preset()));
    REQUIRE(found.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(found[i].layer == layers[i]);
        CHECK(found[i].picture.shape() == photo.shape());
        CHECK(found[i].error < 0.05);  // at the layer itself each has become what was asked for
        if (i > 0)
            CHECK(found[i].psnr < found[i - 1].psnr);
    }
    CHECK(found[0].psnr > 25);
    CHECK(found[3].psnr < 20);
}

TEST_CASE("an inversion starts from its seed and from nothing of the original") {
    const auto net = weights::built_in();
    const auto photo = golden_picture("content");
    context<cpu> ctx;
    const std::vector<std::string> layers{"relu3_1"};
    auto options = quick(insight::inversion_preset());
    options.iterations = 5;
    const auto invert = [&](std::uint64_t seed) {
        options.seed = seed;
        return values_of(insight::invert(ctx, net, photo, layers, options).front().picture);
    };
    const auto first = invert(1);
    CHECK(invert(1) == first);
    CHECK(invert(2) != first);
}

TEST_CASE("an unknown layer is refused before anything is inverted, and an observer can stop") {
    const auto net = weights::built_in();
    const auto photo = golden_picture("content");
    context<cpu> ctx;
    int seen = 0;
    const auto stop = [&](const progress&) { return ++seen > 0; };
    const std::vector<std::string> unknown{"relu1_1", "relu9_1"}, two{"relu1_1", "relu2_1"};
    const auto options = quick(insight::inversion_preset());
    CHECK_THROWS_WITH(insight::invert(ctx, net, photo, unknown, options, stop),
                      Contains("relu9_1"));
    CHECK(seen == 0);
    CHECK(insight::invert(ctx, net, photo, two, options, stop).size() == 1);
    CHECK(seen == 1);
}

TEST_CASE("a texture has the size that was asked for and the painting's statistics at its own") {
    const auto net = weights::built_in();
    const auto painting = golden_picture("style");
    context<cpu> ctx;
    auto options = insight::texture_preset();
    options.iterations = 60;
    options.scales = 1;
    options.tv_weight = 0;
    options.style_layers.pop_back();
    options.margin = 0;  // whose statistics are the canvas', not the picture's
    for (const image::extent size : {image::extent{37, 90}, image::extent{64, 23}}) {
        const auto picture = insight::texture(ctx, net, painting, size, options);
        CHECK(picture.shape() == shape{1, 3, size.height, size.width});
        CHECK(style_error(net, painting, picture) <
              0.2 * style_error(net, painting, plain(size.height, size.width, 0.5f)));
    }
    CHECK_THROWS_AS(insight::texture(ctx, net, painting, {0, 5}, options), option_error);
}

TEST_CASE("a progression goes up the layers, each step with all before it") {
    const auto net = weights::built_in();
    const auto painting = golden_picture("style");
    context<cpu> ctx;
    auto options = insight::texture_preset();
    options.iterations = 3;
    options.scales = 1;
    options.style_layers = {{"relu1_1", 1}, {"relu2_1", 2}, {"relu3_1", 1}};
    std::vector<std::size_t> used;
    const auto steps = insight::texture_progression(ctx, net, painting, {24, 33}, options,
                                                    [&](const progress& now) {
                                                        if (now.iteration == 1)
                                                            used.push_back(now.losses.style.size());
                                                        return false;
                                                    });
    CHECK(used == std::vector<std::size_t>{1, 2, 3});
    REQUIRE(steps.size() == 3);
    CHECK(steps[1].up_to == "relu2_1");
    CHECK(values_of(steps[2].picture) ==
          values_of(insight::texture(ctx, net, painting, {24, 33}, options)));
}

TEST_CASE("pictures side by side stand whole on one line, with letters under them") {
    const auto small = plain(10, 30, 0.25f), large = plain(21, 40, 0.75f);
    const insight::captioned two[] = {{small, {"one"}}, {large, {"another", "of two"}}};
    const auto row = insight::side_by_side(two);
    CHECK(row.shape() == shape{1, 3, 21 + 24 + 40, 30 + 40 + 3 * 12});
    const auto at = [&](std::int64_t y, std::int64_t x) {
        return row.data()[y * row.shape().w + x];
    };
    CHECK(at(12 + 11, 12) == 0.25f);
    CHECK(at(12 + 20, 12 + 29) == 0.25f);
    CHECK(at(12, 12 + 30 + 12) == 0.75f);
    CHECK(at(12 + 20, 12 + 30 + 12 + 39) == 0.75f);
    CHECK(at(0, 0) == 1);
    const auto letters = row.data() + (12 + 21) * row.shape().w;
    CHECK(std::count_if(letters, row.data() + row.shape().pixels(),
                        [](float v) { return v < 0.5f; }) > 20);
    CHECK_THROWS_AS(insight::side_by_side({}), shape_error);
}
