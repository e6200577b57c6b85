#include <impasto/painter/stylize.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/core/error.hpp>
#include <impasto/image/resize.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/weights/weights.hpp>

using namespace impasto;

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
        CHECK(psnr(stylize(there, s.net, s.photo, s.painting, options), expected) > 30);
    }
}

TEST_CASE("coarse to fine, Adam's memory goes along") {
    const scene s;
    context<cuda> ctx;
    auto options = quick(optimizer::adam);
    options.scales = 2;
    options.iterations = 2;
    std::vector<double> losses;
    static_cast<void>(stylize(ctx, s.net, s.photo, s.painting, options, [&](const progress& now) {
        losses.push_back(now.losses.total);
        return false;
    }));
    CHECK(losses.size() == 5);
    CHECK(std::ranges::all_of(losses, [](double loss) { return std::isfinite(loss); }));
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
