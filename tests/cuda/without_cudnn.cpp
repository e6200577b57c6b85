// Linked with what a build without cuDNN's headers has in its place.

#include <algorithm>
#include <array>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/insight/inversion.hpp>
#include <impasto/insight/texture.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/painter/stylize.hpp>
#include <impasto/weights/weights.hpp>

using namespace impasto;

namespace {

const Catch::Matchers::Impl::MatcherBase<std::string>& refusal() {
    static const auto words = Catch::StartsWith("conv_engine: this build is without cuDNN");
    return words;
}

image::picture picture() {
    context<cpu> ctx;
    image::picture p({1, 3, 24, 32});
    ops::fill_uniform(ctx, 1, 0, 1, p);
    return p;
}

}  // namespace

TEST_CASE("a build without cuDNN refuses its convolutions in one line") {
    context<cuda> ctx;
    tensor<float, cpu> weights({8, 8, 3, 3});
    std::fill(weights.begin(), weights.end(), 1.0f);
    using conv_type = ops::conv2d<half, cuda>;
    const shape input{1, 8, 5, 5};
    CHECK_NOTHROW(conv_type(ctx, weights, {}, input, {}));
    CHECK_THROWS_AS(
        conv_type(ctx, weights, {}, input, {.method = {.engine = ops::conv_engine::cudnn}}),
        option_error);
    CHECK_THROWS_WITH(
        conv_type(ctx, weights, {}, input, {.method = {.engine = ops::conv_engine::cudnn}}),
        refusal());
}

TEST_CASE("the choice of cuDNN reaches the convolutions of whatever computes") {
    context<cuda> ctx;
    const auto net = weights::built_in();
    const auto photo = picture(), painting = picture();
    const std::array paintings{painting.view()};
    const std::string layers[] = {"relu2_1"};
    stylize_options run{
        .size = 32, .iterations = 1, .view = {.convolution = {.engine = ops::conv_engine::cudnn}}};
    CHECK_THROWS_WITH(stylize(ctx, net, photo, painting, run), refusal());
    CHECK_THROWS_WITH(evaluate(ctx, net, photo, paintings, photo, run), refusal());
    CHECK_THROWS_WITH(insight::invert(ctx, net, photo, layers, run), refusal());
    CHECK_THROWS_WITH(insight::texture(ctx, net, painting, {24, 32}, run), refusal());
    run.view.precision = precision::float16;  // which looks at the largest activations first
    CHECK_THROWS_WITH(stylize(ctx, net, photo, painting, run), refusal());
    run.view.convolution.engine = ops::conv_engine::native;
    CHECK_NOTHROW(stylize(ctx, net, photo, painting, run));
}
