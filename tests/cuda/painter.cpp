#include <impasto/painter/stylize.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/weights/weights.hpp>

#include "support/temporary_folder.hpp"

using namespace impasto;
using test::temporary_folder;

namespace {

image::picture random_picture(const shape& s, std::uint64_t seed) {
    context<cpu> ctx;
    image::picture coarse({1, 3, 5, 5});
    ops::fill_uniform(ctx, seed, 0, 1, coarse);
    return image::resize(coarse, s.h, s.w);
}

struct scene {
    nn::network net = weights::built_in();
    image::picture photo = random_picture({1, 3, 15, 19}, 1);
    image::picture painting = random_picture({1, 3, 17, 13}, 2);
};

stylize_options quick(optimizer method) {
    stylize_options options;
    options.size = 19;
    options.margin = 8;
    options.scales = 1;
    options.iterations = 3;
    options.optimizer = method;
    options.view.convolution.algorithm = ops::conv_algorithm::direct;
    return options;
}

double psnr(const image::picture& a, const image::picture& b) {
    double sum = 0;
    for (std::int64_t i = 0; i < a.size(); ++i)
        sum += std::pow(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]), 2);
    return -10 * std::log10(sum / static_cast<double>(a.size()) + 1e-30);
}

}  // namespace

TEST_CASE("a picture painted on a GPU is the CPU's, whatever the optimiser") {
    const scene s;
    context<cpu> here;
    context<cuda> there;
    for (const auto method : {optimizer::adam, optimizer::lbfgs, optimizer::gradient_descent}) {
        CAPTURE(static_cast<int>(method));
        const auto options = quick(method);
        const auto expected = stylize(here, s.net, s.photo, s.painting, options);
        const auto found = stylize(there, s.net, s.photo, s.painting, options);
        CHECK(psnr(found, expected) > 60);
        const auto again = stylize(there, s.net, s.photo, s.painting, options);
        CHECK(std::equal(found.begin(), found.end(), again.begin()));
    }
}

TEST_CASE("a hundred iterations on a GPU in float32 paint the CPU's picture to 40 dB") {
    const scene s;
    context<cpu> here;
    context<cuda> there;
    auto options = quick(optimizer::adam);
    options.iterations = 100;
    // Maxima that nearly tie would take the two apart.
    options.view.pooling.kind = ops::pooling::average;
    const auto expected = stylize(here, s.net, s.photo, s.painting, options);
    CHECK(psnr(stylize(there, s.net, s.photo, s.painting, options), expected) > 40);
}

TEST_CASE("a picture painted with narrower numbers is nearly the CPU's") {
    const scene s;
    context<cpu> here;
    context<cuda> there;
    auto options = quick(optimizer::adam);
    const auto expected = stylize(here, s.net, s.photo, s.painting, options);
    for (const auto wanted : {precision::tf32, precision::float16, precision::bfloat16}) {
        CAPTURE(to_string(wanted));
        options.view.precision = wanted;
        // Far nearer than the start is, which a run that paints nothing would return.
        const auto found = stylize(there, s.net, s.photo, s.painting, options);
        CHECK(psnr(found, expected) >
              12 + psnr(image::resize(s.photo, found.shape().h, found.shape().w), expected));
    }
}

TEST_CASE("coarse to fine, Adam's memory goes along as it does on the CPU") {
    const scene s;
    context<cpu> here;
    context<cuda> there;
    auto options = quick(optimizer::adam);
    options.scales = 2;
    options.iterations = 2;
    CHECK(psnr(stylize(there, s.net, s.photo, s.painting, options),
               stylize(here, s.net, s.photo, s.painting, options)) > 50);
}

TEST_CASE("a painting saved on a GPU goes on to the same bytes") {
    const scene s;
    const temporary_folder folder;
    const auto file = folder / "painting.safetensors";
    context<cuda> ctx;
    auto options = quick(GENERATE(optimizer::lbfgs, optimizer::adam, optimizer::gradient_descent));
    options.iterations = 5;
    options.history = 2;
    options.view.precision = GENERATE(precision::float32, precision::float16);
    const brief what{.photo = s.photo, .paintings = {s.painting}};
    painting<cuda> begun(ctx, s.net, what, options);
    for (int i = 0; i < 3; ++i)
        static_cast<void>(begun.step());
    begun.save(file);
    painting<cuda> resumed(ctx, s.net, what, options);
    resumed.load(file);
    for (auto* one : {&begun, &resumed})
        while (!one->finished())
            static_cast<void>(one->step());
    const auto expected = begun.picture(), found = resumed.picture();
    CHECK(std::equal(found.begin(), found.end(), expected.begin()));
}

TEST_CASE("the CPU says that it computes in float32") {
    const scene s;
    context<cpu> here;
    auto options = quick(optimizer::adam);
    options.view.precision = precision::float16;
    CHECK_THROWS_AS(stylize(here, s.net, s.photo, s.painting, options), option_error);
    CHECK_THROWS_WITH(stylize(here, s.net, s.photo, s.painting, options),
                      "precision: float16 needs a GPU; the CPU computes in float32");
}
