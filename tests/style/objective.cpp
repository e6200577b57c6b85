#include <impasto/style/objective.hpp>

#include <cmath>
#include <string>

#include <catch2/catch.hpp>

#include <impasto/weights/weights.hpp>

#include "golden/golden.hpp"
#include "support/maps.hpp"

using namespace impasto;
using support::relative_error;

namespace {

tensor<float, cpu> golden_picture(const std::string& key) {
    const auto& array = test::golden().at(key);
    tensor<float, cpu> result({1, array.extents[0], array.extents[1], array.extents[2]});
    std::copy(array.values.begin(), array.values.end(), result.begin());
    return result;
}

std::vector<double> doubles(const auto& range) {
    return {range.begin(), range.end()};
}

struct variant {
    const char* name;
    ops::pool_options pooling;
    ops::border border;
};

const variant variants[] = {
    {"max", {ops::pooling::max, 1}, ops::border::zero},
    {"average", {ops::pooling::average, 2}, ops::border::zero},
    {"l2", {ops::pooling::l2, 0.78f}, ops::border::zero},
    {"replicate", {ops::pooling::max, 1}, ops::border::replicate},
};

struct named_convention {
    const char* name;
    style::convention value;
};

const named_convention conventions[] = {{"lecture", style::convention::lecture},
                                        {"gatys", style::convention::gatys},
                                        {"relative", style::convention::relative},
                                        {"neural-style", style::convention::neural_style}};

style::objective_options golden_options(const variant& v, style::convention convention) {
    return {.loss = convention,
            .content_weight = 0,
            .style_weight = 0,
            .tv_weight = 0,
            .content_layers = {{"relu4_2", 1}},
            .style_layers = {{"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 1}, {"relu4_1", 1}},
            .view = {.pooling = v.pooling, .border = v.border}};
}

style::objective<float, cpu> make_objective(context<cpu>& ctx, const nn::network& net,
                                            const style::objective_options& options) {
    const auto content = golden_picture("content"), painting = golden_picture("style");
    style::objective<float, cpu> objective(ctx, net, content.shape(), options);
    objective.set_content(content);
    const tensor_view<const float, cpu> paintings[] = {painting};
    const double shares[] = {1};
    objective.set_style(style::make_style_target<float, cpu>(
        ctx, net, style::extractor_options(options, options.style_layers), paintings, shares));
    return objective;
}

}  // namespace

TEST_CASE("losses and their gradients are PyTorch's, in every convention") {
    const auto algorithm = GENERATE(ops::conv_algorithm::direct, ops::conv_algorithm::fastest);
    // Winograd's rounding reaches the gradient through ReLUs that flip and through G − A.
    const double tolerance = algorithm == ops::conv_algorithm::direct ? 2e-5 : 1e-3;
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto& golden = test::golden();
    const auto x = golden_picture("picture");
    for (const auto& v : variants)
        for (const auto& [name, convention] : conventions) {
            const std::string key = std::string(v.name) + "." + name;
            CAPTURE(key, algorithm == ops::conv_algorithm::direct);
            for (const std::string kind : {"content", "style"}) {
                auto options = golden_options(v, convention);
                options.view.convolution.algorithm = algorithm;
                (kind == "content" ? options.content_weight : options.style_weight) = 1;
                auto objective = make_objective(ctx, net, options);
                tensor<float, cpu> gradient(x.shape());
                const double total = objective.evaluate(x, gradient);

                CAPTURE(kind);
                const auto& terms = objective.terms();
                CHECK(total == Approx(terms.total));
                CHECK(terms.content[0].value ==
                      Approx(golden.at(key + ".content").values[0]).epsilon(1e-4));
                for (const auto& term : terms.style)
                    CHECK(term.value ==
                          Approx(golden.at(key + ".style." + term.name).values[0]).epsilon(1e-4));
                CHECK(relative_error(doubles(gradient),
                                     doubles(golden.at(key + "." + kind + ".gradient").values)) <
                      tolerance);
            }
        }
}

TEST_CASE(
    "total variation is a mean in the relative loss, a sum in the papers', and neural-style's "
    "own") {
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto x = golden_picture("picture");
    auto options = golden_options(variants[0], style::convention::relative);
    options.tv_weight = 1;
    auto objective = make_objective(ctx, net, options);
    tensor<float, cpu> gradient(x.shape());
    const double total = objective.evaluate(x, gradient);
    CHECK(total == Approx(test::golden().at("tv.mean").values[0]).epsilon(1e-5));
    CHECK(relative_error(doubles(gradient), doubles(test::golden().at("tv.gradient").values)) <
          1e-5);

    options.loss = style::convention::gatys;
    auto sums = make_objective(ctx, net, options);
    CHECK(sums.evaluate(x, gradient) ==
          Approx(test::golden().at("tv.sum").values[0]).epsilon(1e-5));

    options.loss = style::convention::neural_style;
    auto theirs = make_objective(ctx, net, options);
    CHECK(theirs.evaluate(x, gradient) ==
          Approx(test::golden().at("tv.neural-style").values[0]).epsilon(1e-5));
    CHECK(relative_error(doubles(gradient),
                         doubles(test::golden().at("tv.neural-style.gradient").values)) < 1e-5);
}

TEST_CASE("the relative loss does not depend on how a network's filters are scaled") {
    context<cpu> ctx;
    const auto x = golden_picture("picture");
    auto options = golden_options(variants[1], style::convention::relative);
    options.content_weight = 3;
    options.style_weight = 100;
    options.view.convolution.algorithm = ops::conv_algorithm::direct;
    const auto run = [&](const nn::network& net, tensor<float, cpu>& gradient) {
        auto objective = make_objective(ctx, net, options);
        return objective.evaluate(x, gradient);
    };
    tensor<float, cpu> expected(x.shape()), found(x.shape());
    const double j = run(weights::built_in(), expected);

    // What a ReLU and a pool let through: each layer's maps grow by a factor of their own.
    auto scaled = weights::built_in();
    double before = 1;
    for (std::size_t i = 0; i < scaled.filters.size(); ++i) {
        const double after = std::pow(7.3, static_cast<double>(i % 4) - 1);
        for (float& w : scaled.filters[i].weights)
            w = static_cast<float>(w * after / before);
        for (float& b : scaled.filters[i].bias)
            b = static_cast<float>(b * after);
        before = after;
    }
    CHECK(run(scaled, found) == Approx(j).epsilon(1e-5));
    CHECK(relative_error(doubles(found), doubles(expected)) < 1e-4);
}

TEST_CASE("a layer that sees nothing in photo and painting leaves the relative loss finite") {
    context<cpu> ctx;
    auto net = weights::built_in();
    for (float& w : net.filters.back().weights)
        w = 0;
    for (float& b : net.filters.back().bias)
        b = 0;
    const auto x = golden_picture("picture");
    auto options = golden_options(variants[0], style::convention::relative);
    options.content_weight = options.style_weight = 1;
    options.style_layers = {{"relu4_2", 1}};
    auto objective = make_objective(ctx, net, options);
    tensor<float, cpu> gradient(x.shape());
    CHECK(objective.evaluate(x, gradient) == 0);
    CHECK(ops::max_abs(ctx, gradient) == 0);
}

TEST_CASE("J is the weighted sum of its terms, and the gradient follows") {
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto x = golden_picture("picture");
    auto options = golden_options(variants[1], style::convention::relative);
    options.content_weight = 2;
    options.style_weight = 30;
    options.tv_weight = 5;
    options.style_layers = {{"relu1_1", 3}, {"relu3_1", 1}};
    auto objective = make_objective(ctx, net, options);
    tensor<float, cpu> gradient(x.shape());
    const double total = objective.evaluate(x, gradient);
    const auto& terms = objective.terms();
    CHECK(total == Approx(2 * terms.content[0].value + 30 * 0.75 * terms.style[0].value +
                          30 * 0.25 * terms.style[1].value + 5 * terms.tv));

    // A step along the gradient lowers J by its squared length, to first order.
    const double slope = ops::dot(ctx, gradient, gradient);
    const float step = static_cast<float>(1e-4 * total / slope);
    tensor<float, cpu> moved(x.shape()), ignored(x.shape());
    ops::add_scaled(ctx, x, -step, gradient, moved);
    CHECK((total - objective.evaluate(moved, ignored)) / (step * slope) == Approx(1).epsilon(0.05));
}

TEST_CASE("a first layer that is recomputed changes no bit of J, and takes less memory") {
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto x = golden_picture("picture");
    for (const auto& v : variants) {
        CAPTURE(v.name);
        auto options = golden_options(v, style::convention::relative);
        options.content_weight = options.style_weight = options.tv_weight = 1;
        options.content_layers.push_back({"relu1_1", 1});
        auto keeping = make_objective(ctx, net, options);
        options.view.recompute = true;
        auto recomputing = make_objective(ctx, net, options);
        tensor<float, cpu> kept(x.shape()), recomputed(x.shape());
        for (int i = 0; i < 2; ++i) {
            CHECK(recomputing.evaluate(x, recomputed) == keeping.evaluate(x, kept));
            CHECK(support::same_bytes(recomputed, kept));
        }
        CHECK(recomputing.peak_bytes() < keeping.peak_bytes());
    }
}

TEST_CASE("a picture that is its own photo and painting costs nothing") {
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto x = golden_picture("content");
    auto options = golden_options(variants[0], style::convention::relative);
    options.content_weight = options.style_weight = 1;
    auto objective = make_objective(ctx, net, options);
    const tensor_view<const float, cpu> paintings[] = {x.view()};
    const double shares[] = {1};
    objective.set_style(style::make_style_target<float, cpu>(
        ctx, net, style::extractor_options(options, options.style_layers), paintings, shares));
    tensor<float, cpu> gradient(x.shape());
    CHECK(objective.evaluate(x, gradient) < 1e-9);
    CHECK(ops::max_abs(ctx, gradient) < 1e-6);
}

TEST_CASE("the style of two paintings is the mean of their Gram matrices, by share") {
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto a = golden_picture("style"), b = golden_picture("content");
    const nn::features_options options{.taps = {"relu2_1"}};
    const auto target = [&](std::vector<tensor_view<const float, cpu>> paintings,
                            std::vector<double> shares) {
        return style::make_style_target<float, cpu>(ctx, net, options, paintings, shares);
    };
    const auto of_a = target({a}, {1}), of_b = target({b}, {1}), mixed = target({a, b}, {3, 1});
    for (std::int64_t i = 0; i < mixed.grams[0].size(); ++i)
        REQUIRE(mixed.grams[0].data()[i] ==
                Approx(0.75 * of_a.grams[0].data()[i] + 0.25 * of_b.grams[0].data()[i]));
    CHECK_THROWS_WITH(target({a, b}, {1}), Catch::Contains("1 weights for 2 style pictures"));
}

TEST_CASE("weights and layers that make no sense are refused by name") {
    context<cpu> ctx;
    const auto net = weights::built_in();
    const auto make = [&](auto&& change) {
        auto options = golden_options(variants[0], style::convention::relative);
        change(options);
        return style::objective<float, cpu>(ctx, net, {1, 3, 32, 32}, options);
    };
    CHECK_THROWS_WITH(make([](auto& o) { o.style_weight = -2; }),
                      Catch::Contains("style weight: -2"));
    CHECK_THROWS_WITH(make([](auto& o) { o.tv_weight = NAN; }), Catch::Contains("total variation"));
    CHECK_THROWS_WITH(make([](auto& o) { o.style_layers[1].weight = -1; }),
                      Catch::Contains("relu2_1"));
    CHECK_THROWS_WITH(make([](auto& o) {
                          o.style_layers.push_back({"relu1_1", 1});
                      }),
                      Catch::Contains("relu1_1 is named twice"));
    CHECK_THROWS_WITH(make([](auto& o) {
                          o.content_layers = {{"relu9_9", 1}};
                      }),
                      Catch::Contains("relu9_9"));
    CHECK_THROWS_WITH(make([](auto& o) {
                          o.content_layers.clear();
                          o.style_layers.clear();
                      }),
                      Catch::Contains("neither"));
    auto objective = make([](auto&) {});
    tensor<float, cpu> x({1, 3, 32, 32}), gradient({1, 3, 32, 32});
    CHECK_THROWS_WITH(objective.evaluate(x, gradient), Catch::Contains("no content target"));
}

TEST_CASE("J and its gradient are the same in tiles of any size") {
    context<cpu> ctx({.threads = 2});
    const auto net = weights::built_in();
    const shape size{1, 3, 187, 239};
    const auto noise = [&](std::int64_t h, std::int64_t w, unsigned seed) {
        return support::to_tensor(ctx, support::random_map(3, h, w, seed, 0, 1));
    };
    const auto photo = noise(size.h, size.w, 1), painting = noise(131, 203, 2),
               x = noise(size.h, size.w, 3);
    for (const auto& v : variants) {
        auto options = golden_options(v, style::convention::relative);
        options.content_weight = options.style_weight = options.tv_weight = 1;
        options.content_layers.push_back({"relu3_1", 1});
        const auto run = [&](std::int64_t side, tensor<float, cpu>& gradient) {
            options.tiles.side = side;
            style::objective<float, cpu> objective(ctx, net, size, options);
            objective.set_content(photo);
            const tensor_view<const float, cpu> paintings[] = {painting};
            objective.set_style(style::make_style_target<float, cpu>(
                ctx, net, style::extractor_options(options, options.style_layers), paintings,
                std::vector{1.0}, options.tiles));
            return objective.evaluate(x, gradient);
        };
        tensor<float, cpu> whole(size), tiled(size);
        const double j = run(0, whole);
        for (const std::int64_t side : {111, 128, 200}) {
            CAPTURE(v.name, side);
            CHECK(run(side, tiled) == Approx(j).epsilon(1e-5));
            CHECK(relative_error(doubles(tiled), doubles(whole)) < 1e-5);
        }
    }
}
