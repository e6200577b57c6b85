#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/image/color.hpp>
#include <impasto/image/crop.hpp>
#include <impasto/ops/random.hpp>

#include "painter/scene.hpp"

using namespace impasto;

using test::bytes_of;
using test::golden_picture;
using test::quick;
using test::scene;

TEST_CASE("the picture is that of PyTorch's loop, step by step") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.iterations = 40;
    options.style_weight = 100;
    options.tv_weight = 2;
    options.start_noise = 0;
    options.margin = 0;
    options.style_layers = {{"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}, {"relu4_1", 1}};
    options.optimizer = optimizer::adam;
    options.learning_rate = 0.02;
    options.view.pooling = {.kind = ops::pooling::average, .scale = 2};
    options.view.border = ops::border::zero;
    // At which the painting keeps its own size: the reference does not resize.
    options.style_scale = 31.0 / 43;
    std::vector<double> losses;
    const auto picture =
        stylize(ctx, s.net, s.photo, s.painting.view(), options, [&](const progress& now) {
            losses.push_back(now.losses.total);
            return false;
        });
    const auto& expected = test::golden().at("adam.losses").values;
    REQUIRE(losses.size() == expected.size());
    for (std::size_t i = 0; i < losses.size(); ++i)
        CHECK(losses[i] == Approx(expected[i]).epsilon(0.01));
    CHECK(losses.back() < 0.25 * losses.front());
    auto reference = golden_picture("adam.picture");
    for (float& v : reference)
        v = std::clamp(v, 0.0f, 1.0f);
    CHECK(image::psnr(picture, reference) > 45);
}

TEST_CASE("the same seed gives the same bytes, another seed others") {
    const scene s;
    auto options = quick();
    options.start = start::noise;
    options.optimizer = GENERATE(optimizer::lbfgs, optimizer::adam, optimizer::gradient_descent);
    const auto run = [&](std::uint64_t seed) {
        context<cpu> ctx({.threads = 2});
        options.seed = seed;
        return bytes_of(stylize(ctx, s.net, s.photo, s.painting.view(), options));
    };
    const auto first = run(7);
    CHECK(first == run(7));
    CHECK(first != run(8));
}

TEST_CASE("every optimiser lowers J, from every start") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.optimizer = GENERATE(optimizer::lbfgs, optimizer::adam, optimizer::gradient_descent);
    options.start =
        GENERATE(start::content, start::style, start::noise, start::gray, start::picture);
    options.start_picture = s.painting.view();
    options.loss = GENERATE(style::convention::relative, style::convention::lecture);
    options.iterations = 10;
    std::vector<double> losses;
    (void)stylize(ctx, s.net, s.photo, s.painting.view(), options, [&](const progress& now) {
        losses.push_back(now.losses.total);
        return false;
    });
    CAPTURE(losses);
    CHECK(losses.back() < losses.front());
}

TEST_CASE("a run goes from coarse to fine, and its observer sees and stops it") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.size = 100;
    options.scales = 3;
    options.iterations = 4;
    options.optimizer = GENERATE(optimizer::lbfgs, optimizer::adam);
    options.average = GENERATE(0.0, 0.9);

    std::vector<progress> seen;
    const auto picture =
        stylize(ctx, s.net, s.photo, s.painting.view(), options, [&](const progress& now) {
            seen.push_back(now);
            return false;
        });
    CHECK(picture.shape() == shape{1, 3, 67, 100});
    REQUIRE(seen.size() == 4 + 6 + 8);
    CHECK(seen.front().width == 32);
    CHECK(seen.front().iterations == 8);
    CHECK(seen.back().scale == 2);
    CHECK(seen.back().losses.style.size() == 5);
    CHECK(std::all_of(picture.begin(), picture.end(), [](float v) { return v >= 0 && v <= 1; }));

    int calls = 0;
    image::picture last;
    const auto stopped =
        stylize(ctx, s.net, s.photo, s.painting.view(), options, [&](const progress& now) {
            last = now.picture();
            return ++calls == 10;
        });
    CHECK(calls == 10);
    CHECK(stopped.shape().w == 56);  // the scale at which it was stopped
    CHECK(bytes_of(stopped) == bytes_of(last));
    CHECK_THROWS_WITH(seen.back().picture(), Catch::Contains("the run has ended"));
}

TEST_CASE("a margin is the mirrored photo, painted and cut off") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.start_noise = 0;
    options.margin = 16;
    // At which the painting keeps its size beside the larger canvas.
    options.style_scale = 31.0 / 43;
    const auto cut = stylize(ctx, s.net, s.photo, s.painting.view(), options);
    CHECK(cut.shape() == s.photo.shape());

    const auto canvas = image::mirrored(s.photo, options.margin);
    options.size = canvas.shape().w;
    options.margin = 0;
    options.style_scale = 31.0 / static_cast<double>(canvas.shape().w);
    const auto whole = stylize(ctx, s.net, canvas, s.painting.view(), options);
    CHECK(bytes_of(cut) == bytes_of(image::without_margin(whole, 16)));
}

TEST_CASE("strokes begin in a flat photo") {
    const scene s;
    context<cpu> ctx;
    image::picture flat({1, 3, 160, 160});
    std::ranges::fill(flat, 0.7f);
    auto options = quick();
    options.size = 160;  // so that the canvas' edge is far away
    const auto spread_in_the_middle = [&](double noise) {
        options.start_noise = noise;
        const auto picture = stylize(ctx, s.net, flat, s.painting.view(), options);
        const auto middle = image::crop(picture, {76, 76, 8, 8});
        const auto [low, high] = std::minmax_element(middle.begin(), middle.begin() + 64);
        return *high - *low;
    };
    CHECK(spread_in_the_middle(0.05) > 2 * spread_in_the_middle(0));
}

TEST_CASE("a picture to start from is painted at the finest scale alone") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.size = 600;
    options.scales = 0;
    const shape paintings[] = {s.painting.shape()};
    CHECK(plan(ctx, s.net, s.photo.shape(), paintings, options).size() > 1);
    options.start = start::picture;
    options.start_picture = s.painting.view();
    const auto scales = plan(ctx, s.net, s.photo.shape(), paintings, options);
    REQUIRE(scales.size() == 1);
    CHECK(scales[0].width == 600);
}

TEST_CASE("a panorama has as many scales as its height allows, and leaves out what is too small") {
    const scene s;
    context<cpu> ctx;
    stylize_options options;
    const shape paintings[] = {{1, 3, 480, 640}};
    CHECK(plan(ctx, s.net, {1, 3, 100, 800}, paintings, options).size() == 1);
    CHECK(plan(ctx, s.net, {1, 3, 20, 800}, paintings, options).back().height == 13);

    options.margin = 0;
    options.scales = 4;
    const auto scales = plan(ctx, s.net, {1, 3, 100, 800}, paintings, options);
    REQUIRE(scales.size() == 4);
    CHECK(scales[0].height == 11);
    options.scales = 6;
    CHECK(plan(ctx, s.net, {1, 3, 100, 800}, paintings, options).size() == 4);
}

TEST_CASE("a run that climbs to a hundred times its first J stops with the best picture") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.optimizer = optimizer::adam;
    options.learning_rate = 10;
    options.iterations = 50;
    std::vector<double> losses;
    const auto watch = [&](const progress& now) {
        losses.push_back(now.losses.total);
        return false;
    };
    try {
        (void)stylize(ctx, s.net, s.photo, s.painting.view(), options, watch);
        FAIL("nothing was noticed");
    } catch (const painting_diverged& e) {
        CHECK_THAT(e.what(), Catch::Contains("learning rate is too high"));
        CHECK(losses.size() < 50);
        // The first step already made it worse: the best is where it started.
        CHECK(e.best().shape() == s.photo.shape());
        CHECK(image::psnr(e.best(), s.photo) > 20);  // but for the noise
    }
}

TEST_CASE("the best picture of a run that diverges is the one whose J was the lowest") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.optimizer = optimizer::gradient_descent;
    options.start = start::noise;
    std::vector<double> losses;
    std::vector<std::vector<float>> pictures;
    const auto diverges = [&](double rate) {
        losses.clear();
        pictures.clear();
        options.learning_rate = rate;
        options.iterations = 60;
        try {
            (void)stylize(ctx, s.net, s.photo, s.painting.view(), options,
                          [&](const progress& now) {
                              losses.push_back(now.losses.total);
                              pictures.push_back(bytes_of(now.picture()));
                              return false;
                          });
        } catch (const painting_diverged& e) {
            // J is of the picture before the step that it is told with.
            const auto lowest = std::ranges::min_element(losses) - losses.begin();
            if (lowest == 0)
                return false;
            CHECK(bytes_of(e.best()) == pictures[static_cast<std::size_t>(lowest) - 1]);
            return true;
        }
        return false;
    };
    bool seen = false;  // at first J falls, then it rises without end
    for (double rate = 0.5; !seen && rate < 64; rate *= 1.2)
        seen = diverges(rate);
    CHECK(seen);
}

TEST_CASE("neural-style's preset weighs its terms as the original does") {
    const scene s;
    context<cpu> ctx;
    auto options = neural_style_preset();
    options.view.convolution.algorithm = ops::conv_algorithm::direct;
    const auto picture = golden_picture("picture");
    const image::picture_view paintings[] = {s.painting};
    const auto found = evaluate(ctx, s.net, s.photo, paintings, picture, options);
    const auto golden = [](const std::string& key) {
        return static_cast<double>(test::golden().at(key).values[0]);
    };
    double style = 0;
    for (const std::string layer : {"relu1_1", "relu2_1", "relu3_1", "relu4_1"})
        style += golden("max.neural-style.style." + layer);
    // Of five layers' weights the fifth's goes to the four that this network has.
    CHECK(found.losses.total == Approx(5 * golden("max.neural-style.content") + 125 * style +
                                       1e-3 * golden("tv.neural-style"))
                                    .epsilon(1e-4));
}

TEST_CASE("the lecture's recipe gets from noise to photo and painting by plain gradient descent") {
    const scene s;
    context<cpu> ctx;
    auto options = lecture_preset();
    options.size = 0;
    options.iterations = 150;
    style::loss_terms first, last;
    const auto picture =
        stylize(ctx, s.net, s.photo, s.painting.view(), options, [&](const progress& now) {
            (now.iteration == 1 ? first : last) = now.losses;
            return false;
        });
    CHECK(last.content[0].value < 0.3 * first.content[0].value);
    for (std::size_t i = 0; i < last.style.size(); ++i) {
        CAPTURE(last.style[i].name);
        CHECK(last.style[i].value < 0.1 * first.style[i].value);
    }
}

TEST_CASE("a layer that the network lacks is replaced by the one named for that case") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.iterations = 1;
    const auto style_layers_of = [&] {
        std::vector<std::string> names;
        (void)stylize(ctx, s.net, s.photo, s.painting.view(), options, [&](const progress& now) {
            for (const auto& term : now.losses.style)
                names.push_back(term.name);
            return false;
        });
        return names;
    };
    using names = std::vector<std::string>;
    CHECK(style_layers_of() == names{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2"});
    options.style_layers = {{"relu1_1", 1}, {"relu5_1", 1, ""}};
    CHECK(style_layers_of() == names{"relu1_1"});
    options.style_layers = {{"relu1_1", 1}, {"relu5_1", 1}};
    CHECK_THROWS_AS(style_layers_of(), option_error);
}

TEST_CASE("a picture with a wrapped border fits together with itself") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.size = 96;
    options.iterations = 30;
    options.content_layers = {};
    options.start = start::noise;
    options.start_noise = 0.15;
    options.style_layers = {{"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}};
    const image::picture canvas({1, 3, 96, 96});
    // The mean step between neighbours inside, and from the last column to the first.
    const auto seam = [&](ops::border border) {
        options.view.border = border;
        const auto p = stylize(ctx, s.net, canvas, s.painting.view(), options);
        double inside = 0, across = 0;
        for (std::int64_t row = 0; row < 3 * 96; ++row) {
            const float* here = p.data() + row * 96;
            for (int x = 0; x + 1 < 96; ++x)
                inside += std::abs(here[x + 1] - here[x]) / 95.0;
            across += std::abs(here[0] - here[95]);
        }
        return across / inside;
    };
    CHECK(seam(ops::border::wrap) < 1.15);
    CHECK(seam(ops::border::replicate) > 1.5);
}

TEST_CASE("a wrapped border is the picture's, not the painting's") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    options.content_layers = {};
    const image::picture_view paintings[] = {s.painting};
    const auto style_of_itself = [&](ops::border border) {
        options.view.border = border;
        return evaluate(ctx, s.net, s.painting, paintings, s.painting, options)
            .losses.style[0]
            .value;
    };
    CHECK(style_of_itself(ops::border::replicate) < 1e-9);
    CHECK(style_of_itself(ops::border::wrap) > 1e-6);  // its seam is none in the painting
}

TEST_CASE("the defaults paint the same picture however a network's filters are scaled") {
    const scene s;
    context<cpu> ctx;
    auto scaled = weights::built_in();
    for (float& w : scaled.filters[0].weights)
        w *= 40;
    for (float& b : scaled.filters[0].bias)
        b *= 40;
    for (float& w : scaled.filters[1].weights)
        w *= 3;
    for (float& b : scaled.filters[1].bias)
        b *= 120;
    for (std::size_t i = 2; i < scaled.filters.size(); ++i)
        for (float& b : scaled.filters[i].bias)
            b *= 120;
    const auto options = quick();
    const auto expected = stylize(ctx, s.net, s.photo, s.painting.view(), options);
    const auto found = stylize(ctx, scaled, s.photo, s.painting.view(), options);
    CHECK(image::psnr(found, expected) > 50);
    CHECK(image::psnr(found, s.photo) < 30);
}

TEST_CASE("original colours keep the photo's chroma") {
    const scene s;
    context<cpu> ctx;
    auto options = quick();
    const auto painted = stylize(ctx, s.net, s.photo, s.painting.view(), options);
    options.original_colors = true;
    const auto kept = stylize(ctx, s.net, s.photo, s.painting.view(), options);
    CHECK(bytes_of(kept) == bytes_of(image::with_colors_of(painted, s.photo)));
}

TEST_CASE("the plan tells sizes, iterations and memory before the run") {
    const scene s;
    context<cpu> ctx;
    stylize_options options;
    const shape paintings[] = {{1, 3, 480, 640}};
    const auto scales = plan(ctx, s.net, {1, 3, 768, 1024}, paintings, options);
    REQUIRE(scales.size() == 3);
    CHECK(scales[0].width == 162);
    CHECK(scales[1].width == 288);
    CHECK(scales[2].width == 512);
    CHECK(scales[2].height == 384);
    CHECK(scales[0].iterations == 2 * scales[2].iterations);
    CHECK(scales[2].peak_bytes > 3 * scales[1].peak_bytes / 2);
    CHECK(scales[2].macs > 5 * scales[1].macs / 2);  // margins weigh more in a small canvas

    options.size = 0;
    CHECK(plan(ctx, s.net, {1, 3, 100, 50}, paintings, options).back().height == 100);
    options.style_scale = 0.01;
    CHECK_THROWS_WITH(plan(ctx, s.net, {1, 3, 100, 50}, paintings, options),
                      Catch::Contains("1x1 pixels is too small for relu4_2"));
}

TEST_CASE("options that make no sense are refused with name and value") {
    const scene s;
    context<cpu> ctx;
    const auto refused = [&](auto&& change) {
        auto options = quick();
        change(options);
        try {
            (void)stylize(ctx, s.net, s.photo, s.painting.view(), options);
        } catch (const option_error& e) {
            return std::string(e.what());
        }
        return std::string("accepted");
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(refused([](auto& o) { o.size = -1; }) ==
          "size: -1 is not a number of pixels up to 1048576, or 0 for the size of the photo");
    CHECK(refused([](auto& o) { o.iterations = 0; }) == "iterations: 0 is not 1 or more");
    CHECK(refused([](auto& o) { o.scales = 99; }) ==
          "scales: 99 is not from 1 to 16, or 0 for automatic");
    CHECK(refused([&](auto& o) { o.learning_rate = nan; }) ==
          "learning rate: nan is not a number above 0");
    CHECK(refused([](auto& o) { o.style_scale = 0; }) == "style scale: 0 is not a number above 0");
    CHECK(refused([](auto& o) { o.average = 1; }) ==
          "average: 1 is not a number from 0 to below 1");
    CHECK(refused([](auto& o) {
              o.style_blend = {1, 2};
          }) == "style blend: 2 weights for 1 style pictures; give one for each");
    CHECK(refused([](auto& o) { o.style_blend = {-1}; }) ==
          "style blend: -1 is not a number of at least 0");
    CHECK_THROWS_AS(stylize(ctx, s.net, s.photo, std::span<const image::picture_view>(), quick()),
                    option_error);
}

TEST_CASE("a photo one pixel high is painted with a margin, and refused without") {
    const scene s;
    context<cpu> ctx;
    image::picture line({1, 3, 1, 64});
    std::ranges::fill(line, 0.5f);
    auto options = quick();
    CHECK(stylize(ctx, s.net, line, s.painting.view(), options).shape() == shape{1, 3, 1, 43});
    options.margin = 0;
    CHECK_THROWS_WITH(
        stylize(ctx, s.net, line, s.painting.view(), options),
        Catch::Contains("43x1 pixels is too small for relu4_2") && Catch::Contains("8x8"));
    const std::vector paintings{s.painting.view(), image::picture_view(line)};
    CHECK_THROWS_WITH(stylize(ctx, s.net, s.photo, paintings, quick()),
                      Catch::StartsWith("style 2: a picture of "));
}

TEST_CASE("evaluate gives the terms and the gradient at a picture") {
    const scene s;
    context<cpu> ctx;
    stylize_options options;
    const image::picture_view paintings[] = {s.painting};
    const auto at_photo = evaluate(ctx, s.net, s.photo, paintings, s.photo, options);
    CHECK(at_photo.losses.content[0].value == 0);
    CHECK(at_photo.losses.total > 0);
    CHECK(at_photo.gradient.shape() == s.photo.shape());
    CHECK_THROWS_AS(evaluate(ctx, s.net, s.photo, paintings, s.painting, options), shape_error);
}
