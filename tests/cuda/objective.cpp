#include <impasto/style/objective.hpp>

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/nn/rescale.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/weights/weights.hpp>

#include "support/device_maps.hpp"
#include "support/needs_cudnn.hpp"

using namespace impasto;
using support::to_device;
using support::to_host;

namespace {

constexpr shape picture_shape{1, 3, 15, 21}, painting_shape{1, 3, 19, 13};

tensor<float, cpu> random_pixels(const shape& s, std::uint64_t seed) {
    context<cpu> ctx;
    tensor<float, cpu> x(s);
    ops::fill_uniform(ctx, seed, 0, 1, x);
    return x;
}

tensor<float, cpu> on(context<cpu>& ctx, const tensor<float, cpu>& x) {
    tensor<float, cpu> result(x.shape());
    ops::copy(ctx, x, result);
    return result;
}
tensor<float, cuda> on(context<cuda>& ctx, const tensor<float, cpu>& x) {
    return to_device(ctx, x);
}

style::objective_options options_of(style::convention loss) {
    return {.loss = loss,
            .content_layers = {{"relu4_2", 1}},
            .style_layers = {{"relu1_1", 1}, {"relu2_1", 1}, {"relu3_1", 2}, {"relu4_1", 1}},
            .view = {.pooling = {.kind = ops::pooling::average, .scale = 1},
                     .border = ops::border::replicate,
                     .convolution = {ops::conv_algorithm::direct}}};
}

struct scene {
    nn::network net = weights::built_in();
    tensor<float, cpu> content = random_pixels(picture_shape, 1);
    tensor<float, cpu> painting = random_pixels(painting_shape, 2);
    tensor<float, cpu> x = random_pixels(picture_shape, 3);
};

template <class T, class Device>
style::objective<T, Device> make(context<Device>& ctx, const scene& s, const nn::network& net,
                                 const style::objective_options& options) {
    style::objective<T, Device> objective(ctx, net, picture_shape, options);
    const auto content = on(ctx, s.content), painting = on(ctx, s.painting);
    objective.set_content(content);
    const std::vector<tensor_view<const float, Device>> paintings{painting};
    objective.set_style(style::make_style_target<T, Device>(
        ctx, net, style::extractor_options(options, options.style_layers), paintings,
        std::vector{1.0}));
    return objective;
}

struct result {
    double total = 0;
    style::loss_terms terms;
    std::vector<double> gradient;
};

template <class T, class Device>
result evaluate(context<Device>& ctx, style::objective<T, Device>& objective, const scene& s) {
    const auto x = on(ctx, s.x);
    tensor<float, Device> gradient(x.shape());
    result r{.total = objective.evaluate(x, gradient), .terms = objective.terms(), .gradient = {}};
    tensor<float, cpu> host(x.shape());
    ops::download(ctx, gradient.view(), host.view());
    r.gradient.assign(host.begin(), host.end());
    return r;
}

result expected(const scene& s, const style::objective_options& options) {
    context<cpu> ctx;
    auto objective = make<float>(ctx, s, s.net, options);
    return evaluate(ctx, objective, s);
}

void check_agreement(const result& found, const result& wanted, double most_of_terms,
                     double most_of_gradient) {
    const auto near = [&](double value) { return Approx(value).epsilon(most_of_terms); };
    CHECK(found.total == near(wanted.total));
    for (std::size_t i = 0; i < wanted.terms.style.size(); ++i)
        CHECK(found.terms.style[i].value == near(wanted.terms.style[i].value));
    CHECK(found.terms.content[0].value == near(wanted.terms.content[0].value));
    CHECK(found.terms.tv == near(wanted.terms.tv));
    CHECK(support::relative_error(found.gradient, wanted.gradient) < most_of_gradient);
}

}  // namespace

TEST_CASE("J and its gradient on a GPU are the CPU's, in every convention") {
    const scene s;
    context<cuda> ctx;
    for (const auto loss :
         {style::convention::relative, style::convention::gatys, style::convention::lecture}) {
        const auto options = options_of(loss);
        auto objective = make<float>(ctx, s, s.net, options);
        check_agreement(evaluate(ctx, objective, s), expected(s, options), 1e-5, 2e-5);
    }
}

TEST_CASE("J repeated is the same to the last bit, recorded or not") {
    const scene s;
    context<cuda> ctx;
    auto objective = make<float>(ctx, s, s.net, options_of(style::convention::relative));
    const auto x = to_device(ctx, s.x);
    tensor<float, cuda> gradient(x.shape());
    std::vector<double> totals;
    std::vector<std::vector<float>> gradients;
    for (int i = 0; i < 4; ++i) {  // as it is, recorded, replayed, replayed
        totals.push_back(objective.evaluate(x, gradient));
        const auto host = to_host(ctx, gradient);
        gradients.emplace_back(host.begin(), host.end());
    }
    for (int i = 1; i < 4; ++i) {
        CHECK(totals[static_cast<std::size_t>(i)] == totals[0]);
        CHECK(gradients[static_cast<std::size_t>(i)] == gradients[0]);
    }
}

TEMPLATE_TEST_CASE("a first layer that is recomputed on a GPU changes no bit of J", "", float, half,
                   bfloat16) {
    const scene s;
    context<cuda> ctx;
    const auto net = nn::rescaled(s.net, std::vector<int>(9, 3));
    auto options = options_of(style::convention::relative);
    auto keeping = make<TestType>(ctx, s, net, options);
    options.view.recompute = true;
    auto recomputing = make<TestType>(ctx, s, net, options);
    for (int i = 0; i < 3; ++i) {  // as it is, recorded, replayed
        const auto kept = evaluate(ctx, keeping, s), recomputed = evaluate(ctx, recomputing, s);
        CHECK(recomputed.total == kept.total);
        CHECK(recomputed.gradient == kept.gradient);
    }
    CHECK(recomputing.peak_bytes() < keeping.peak_bytes());
}

TEST_CASE("J of float16 maps is nearly the CPU's, its gradient kept within range") {
    const scene s;
    context<cuda> ctx;
    const std::vector<int> exponents(9, 3);
    const auto net = nn::rescaled(s.net, exponents);
    for (const auto loss : {style::convention::relative, style::convention::gatys}) {
        const auto options = options_of(loss);
        auto objective = make<half>(ctx, s, net, options);
        check_agreement(evaluate(ctx, objective, s), expected(s, options), 5e-3, 3e-2);
    }
}

TEST_CASE("J of bfloat16 maps is nearly the CPU's") {
    const scene s;
    context<cuda> ctx;
    const auto options = options_of(style::convention::relative);
    auto objective = make<bfloat16>(ctx, s, s.net, options);
    check_agreement(evaluate(ctx, objective, s), expected(s, options), 3e-2, 6e-2);
}

TEST_CASE("J by cuDNN's convolutions is the CPU's, recorded or not, in memory that was planned") {
    const scene s;
    context<cuda> ctx;
    if (!support::finds_cudnn(ctx))
        return;
    auto options = options_of(style::convention::relative);
    const auto wanted = expected(s, options);
    options.view.convolution.engine = ops::conv_engine::cudnn;
    auto objective = make<float>(ctx, s, s.net, options);
    const auto x = to_device(ctx, s.x);
    tensor<float, cuda> gradient(x.shape());
    const auto reserved = ctx.reserved_bytes();
    for (int i = 0; i < 4; ++i) {  // as it is, recorded, replayed, replayed
        const double total = objective.evaluate(x, gradient);
        const auto host = to_host(ctx, gradient);
        check_agreement({total, objective.terms(), {host.begin(), host.end()}}, wanted, 1e-5, 2e-5);
    }
    CHECK(ctx.reserved_bytes() == reserved);
}

TEST_CASE("the layer at which numbers ran out is named") {
    const scene s;
    context<cuda> ctx;
    std::vector<int> exponents(9, 3);
    exponents[2] = -40;  // conv2_1: 2⁴⁰ times too large for half
    const auto net = nn::rescaled(s.net, exponents);
    auto objective = make<half>(ctx, s, net, options_of(style::convention::relative));
    const auto found = evaluate(ctx, objective, s);
    CHECK_FALSE(std::isfinite(found.total));
    CHECK(objective.not_finite() == "relu2_1");
}
