#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/image/color.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/insight/explain.hpp>
#include <impasto/insight/inversion.hpp>
#include <impasto/insight/judge.hpp>
#include <impasto/insight/texture.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/weights/weights.hpp>

#include "support/maps.hpp"

using namespace impasto;

namespace {

image::picture random_picture(std::int64_t height, std::int64_t width) {
    context<cpu> ctx;
    image::picture coarse({1, 3, 5, 5});
    ops::fill_uniform(ctx, 1, 0, 1, coarse);
    return image::resize(coarse, height, width);
}

stylize_options quick(stylize_options options) {
    options.size = 19;
    options.scales = 1;
    options.iterations = 3;
    options.view.convolution.algorithm = ops::conv_algorithm::direct;
    return options;
}

}  // namespace

TEST_CASE("a GPU inverts a picture as the CPU does") {
    context<cpu> here;
    context<cuda> there;
    const auto net = weights::built_in();
    const auto original = random_picture(15, 19);
    const std::vector<std::string> layers{"relu1_2", "relu2_1"};
    const auto options = quick(insight::inversion_preset());
    const auto expected = insight::invert(here, net, original, layers, options);
    const auto found = insight::invert(there, net, original, layers, options);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(found[i].layer == layers[i]);
        CHECK(image::psnr(found[i].picture, expected[i].picture) > 60);
        CHECK(found[i].error == Approx(expected[i].error).epsilon(1e-3));
    }
}

TEST_CASE("a GPU paints a texture, step by step, as the CPU does") {
    context<cpu> here;
    context<cuda> there;
    const auto net = weights::built_in();
    const auto painting = random_picture(17, 13);
    auto options = quick(insight::texture_preset());
    options.style_layers = {{"relu1_1", 1}, {"relu2_1", 1}};
    const auto expected = insight::texture_progression(here, net, painting, {11, 16}, options);
    const auto found = insight::texture_progression(there, net, painting, {11, 16}, options);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        CHECK(image::psnr(found[i].picture, expected[i].picture) > 60);
}

TEST_CASE("a GPU judges a picture as the CPU does") {
    context<cpu> here;
    context<cuda> there;
    const auto net = weights::built_in();
    const auto picture = random_picture(19, 23), photo = random_picture(24, 29),
               painting = random_picture(21, 17);
    const ops::conv_method options{ops::conv_algorithm::direct};
    const auto expected = insight::judge(here, net, picture, photo, painting, options);
    const auto found = insight::judge(there, net, picture, photo, painting, options);
    REQUIRE(found.style.size() == expected.style.size());
    for (std::size_t i = 0; i < found.style.size(); ++i) {
        CHECK(found.style[i].name == expected.style[i].name);
        CHECK(found.style[i].value == Approx(expected.style[i].value).epsilon(1e-3));
    }
    CHECK(found.style_mean == Approx(expected.style_mean).epsilon(1e-3));
    CHECK(found.content.value == Approx(expected.content.value).epsilon(1e-3));
}

TEST_CASE("a GPU explains a painting as the CPU does, in every precision") {
    context<cpu> here;
    context<cuda> there;
    const auto net = weights::built_in();
    const auto painting = random_picture(19, 23);
    insight::explain_options options{.layer = "relu2_1",
                                     .view = {.convolution = {ops::conv_algorithm::direct}}};
    const auto expected = insight::explain(here, net, painting, options);
    const auto doubles = [](const auto& values) {
        return std::vector<double>(values.begin(), values.end());
    };
    for (const auto& [precision, rounding] : {std::pair{precision::float32, 1e-5},
                                              {precision::float16, 3e-3},
                                              {precision::bfloat16, 2e-2}}) {
        CAPTURE(to_string(precision));
        options.view.precision = precision;
        const auto found =
            insight::explain(there, net, painting, options, expected.together.thresholds());
        CHECK(found.map.shape() == expected.map.shape());
        CHECK(support::relative_error(doubles(found.map), doubles(expected.map)) < rounding);
        CHECK(support::relative_error(doubles(found.gram), doubles(expected.gram)) < rounding);
        CHECK(support::relative_error(doubles(found.peak), doubles(expected.peak)) < rounding);
        CHECK(support::worst_error(doubles(found.correlation), doubles(expected.correlation)) <
              20 * rounding);
        CHECK(found.together.positions() == expected.together.positions());
        const auto own = insight::explain(there, net, painting, options);
        CHECK(support::relative_error(doubles(own.together.thresholds()),
                                      doubles(expected.together.thresholds())) < rounding);
    }
    options.view.precision = precision::float16;
    CHECK_THROWS_AS(insight::explain(here, net, painting, options), option_error);
}
