#include <impasto/insight/unit_gradient.hpp>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/weights/weights.hpp>

#include "support/maps.hpp"

using namespace impasto;
using namespace support;
using Catch::Matchers::Contains;

namespace {

const nn::network& small_vgg() {
    static const auto network = weights::built_in();
    return network;
}

/// Over the whole picture.
map<double> whole_gradient(context<cpu>& ctx, image::picture_view pixels,
                           const nn::features_options& options, const insight::unit& unit) {
    nn::features<float, cpu> features(ctx, small_vgg(), pixels.shape(), options);
    features.forward(ctx, pixels);
    tensor<float, cpu> gradient(pixels.shape());
    features.backward(
        ctx,
        [&](std::size_t, auto map, auto d_map) {
            auto one = reference::map<double>(map.shape().c, map.shape().h, map.shape().w);
            one.at(unit.channel, unit.row, unit.column) = 1;
            ops::axpy(ctx, 1, to_tensor(ctx, one, d_map.layout()), d_map);
        },
        gradient);
    return to_map(ctx, gradient);
}

}  // namespace

TEST_CASE("a unit's gradient over what it sees is that over the whole picture") {
    context<cpu> ctx({.threads = 2});
    const bool guided = GENERATE(false, true);
    const auto border = GENERATE(ops::border::zero, ops::border::replicate);
    const auto pixels = to_tensor(ctx, random_map(3, 107, 91, 1, 0, 1));
    for (const auto& [layer, channel] :
         {std::pair{"relu4_1", 200}, {"pool2", 7}, {"relu1_2", 31}}) {
        const nn::features_options options{
            .taps = {layer},
            .view = {.border = border, .convolution = {ops::conv_algorithm::direct}},
            .guided = guided};
        insight::unit_gradient of_unit(small_vgg(), options);
        const auto stride = of_unit.field().stride;
        std::int64_t excited = 0;
        for (const auto row : {std::int64_t{0}, 60 / stride, 107 / stride - 1})
            for (const auto column : {std::int64_t{0}, 33 / stride, 91 / stride - 1}) {
                CAPTURE(layer, row, column, guided, border == ops::border::replicate);
                const insight::unit unit{channel, row, column};
                const auto whole = whole_gradient(ctx, pixels, options, unit);
                const auto part = to_map(ctx, of_unit.of(ctx, pixels, unit));
                const auto box = nn::crop_of_unit(of_unit.field(), row, column, 107, 91);
                REQUIRE(part.shape() == shape{1, 3, box.height, box.width});
                map<double> spread(3, 107, 91);
                for (std::int64_t k = 0; k < 3; ++k)
                    for (std::int64_t y = 0; y < box.height; ++y)
                        for (std::int64_t x = 0; x < box.width; ++x)
                            spread.at(k, box.y + y, box.x + x) = part.at(k, y, x);
                CHECK(worst_error(spread.values, whole.values) < 1e-5);
                excited += std::ranges::any_of(whole.values, [](double v) { return v != 0; });
            }
        CHECK(excited > 0);
    }
}

TEST_CASE("a unit that does not exist has no gradient") {
    context<cpu> ctx;
    insight::unit_gradient gradient(small_vgg(), {.taps = {"relu3_1"}});
    const auto pixels = filled({1, 3, 19, 23}, layout::nchw, 0.5f);
    CHECK_NOTHROW(gradient.of(ctx, pixels, {127, 3, 4}));
    for (const auto& unit :
         {insight::unit{128, 0, 0}, {0, 4, 0}, {0, 0, 5}, {-1, 0, 0}, {0, -1, 0}})
        CHECK_THROWS_WITH(gradient.of(ctx, pixels, unit), Contains("[1,128,4,5]"));
    CHECK_THROWS_AS(insight::unit_gradient(small_vgg(), {.taps = {"relu9_9"}}), option_error);
    CHECK_THROWS_AS(insight::unit_gradient(small_vgg(), {.taps = {"relu1_1", "relu1_2"}}),
                    option_error);
}
