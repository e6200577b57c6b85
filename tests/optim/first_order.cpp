#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/optim/adam.hpp>
#include <impasto/optim/average.hpp>
#include <impasto/optim/gradient_descent.hpp>

#include "optim/objectives.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class Optimiser, class F>
void run(Optimiser& optimiser, F& f, vector& x, int steps) {
    for (int i = 0; i < steps; ++i)
        optimiser.step(f, x.view());
}

std::vector<float> values(input x) {
    return {x.begin(), x.end()};
}

}  // namespace

TEST_CASE("gradient descent contracts a quadratic at the textbook rate") {
    context<cpu> ctx({.threads = 1});
    // With rate 2 / (λ₁ + λₙ) the ends shrink by (κ − 1)/(κ + 1) a step, everything else faster.
    quadratic f{.condition = 100};
    auto x = make_vector(std::vector<float>(50, 1.0f));
    optim::gradient_descent<cpu> descent(ctx, x.shape(), {.learning_rate = 2.0 / 101});
    run(descent, f, x, 300);
    CHECK(distance_inf(x, 0) == Approx(std::pow(99.0 / 101, 300)).epsilon(1e-4));
}

TEST_CASE("plain gradient descent that chooses its rate follows the curvature") {
    context<cpu> ctx({.threads = 1});
    // The textbook's best fixed rate stands at 0.14 after 100 steps.
    quadratic f{.condition = 100};
    auto x = make_vector(std::vector<float>(50, 1.0f));
    optim::gradient_descent<cpu> descent(ctx, x.shape());
    run(descent, f, x, 100);
    CHECK(distance_inf(x, 0) < 0.01);

    rosenbrock valley;
    auto far = rosenbrock::start(2);
    optim::gradient_descent<cpu> along(ctx, far.shape());
    run(along, valley, far, 2000);
    CHECK(distance_inf(far, 1) < 0.05);  // from 2.2
}

TEST_CASE("momentum makes gradient descent as fast as the square root of the condition") {
    context<cpu> ctx({.threads = 1});
    // Polyak's optimum: rate (2 / (√λ₁ + √λₙ))², momentum ((√κ − 1)/(√κ + 1))².
    quadratic f{.condition = 100};
    auto x = make_vector(std::vector<float>(50, 1.0f));
    optim::gradient_descent<cpu> descent(
        ctx, x.shape(),
        {.learning_rate = std::pow(2.0 / 11, 2), .momentum = std::pow(9.0 / 11, 2)});
    run(descent, f, x, 100);
    // (9/11)¹⁰⁰ = 2e-9, times the step count for the double root; plain descent stands at 0.14.
    CHECK(distance_inf(x, 0) < 1e-6);
}

TEST_CASE("gradient descent with momentum and Adam reach the end of Rosenbrock's valley") {
    context<cpu> ctx({.threads = 1});
    rosenbrock f;
    auto x = rosenbrock::start(2);
    SECTION("gradient descent") {
        optim::gradient_descent<cpu> descent(ctx, x.shape(),
                                             {.learning_rate = 5e-4, .momentum = 0.95});
        run(descent, f, x, 4000);
        CHECK(distance_inf(x, 1) < 1e-3);
    }
    SECTION("Adam") {
        optim::adam<cpu> adam(ctx, x.shape(), {.learning_rate = 0.02});
        run(adam, f, x, 4000);
        CHECK(distance_inf(x, 1) < 1e-3);
    }
    SECTION("Adam in 100 dimensions") {
        // All ones but the first few: the usual start leads into the other local minimum.
        auto far = make_vector(std::vector<float>(100, 0.5f));
        optim::adam<cpu> adam(ctx, far.shape(), {.learning_rate = 0.01});
        run(adam, f, far, 20000);
        CHECK(distance_inf(far, 1) < 1e-2);
    }
}

TEST_CASE("Adam's first step is the learning rate, whatever the scale of the gradient") {
    context<cpu> ctx({.threads = 1});
    for (const double condition : {1.0, 1e6}) {
        quadratic f{.condition = condition};
        auto x = make_vector({1, -2, 3});
        optim::adam<cpu> adam(ctx, x.shape(), {.learning_rate = 0.125});
        const auto report = adam.step(f, x);
        CHECK(x.data()[0] == Approx(0.875));
        CHECK(x.data()[1] == Approx(-1.875));
        CHECK(x.data()[2] == Approx(2.875));
        CHECK(report.evaluations == 1);
        CHECK_FALSE(report.converged);
        CHECK(report.loss == Approx(0.5 + 2 * std::sqrt(condition) + 4.5 * condition));
    }
}

TEST_CASE("Adam resumed from its moments goes on as if nothing had happened") {
    context<cpu> ctx({.threads = 1});
    rosenbrock f;
    auto straight = rosenbrock::start(10), carried = rosenbrock::start(10);
    optim::adam<cpu> whole(ctx, straight.shape()), first(ctx, carried.shape());
    run(whole, f, straight, 60);

    run(first, f, carried, 25);
    optim::adam<cpu> second(ctx, carried.shape());
    second.resume(first.first_moment(), first.second_moment(), first.steps());
    run(second, f, carried, 35);
    CHECK(values(carried) == values(straight));
    CHECK(second.steps() == 60);

    SECTION("negative second moments, as a resize makes them, count as zero") {
        auto v = make_vector(std::vector<float>(10, -1e-3f));
        second.resume(first.first_moment(), v, 25);
        second.step(f, carried);
        CHECK(std::isfinite(distance_inf(carried, 0)));
    }
    SECTION("moments of another shape and negative counts are refused") {
        CHECK_THROWS_AS(second.resume(make_vector({1}), make_vector({1}), 1), shape_error);
        CHECK_THROWS_WITH(second.resume(first.first_moment(), first.second_moment(), -1),
                          Contains("steps: -1"));
    }
}

TEST_CASE("first-order optimisers throw on a NaN and leave x as it was") {
    context<cpu> ctx({.threads = 1});
    const auto refuses = [&](auto&& optimiser) {
        nan_after<rosenbrock> f{.f = {}, .good_evaluations = 2};
        auto x = rosenbrock::start(8);
        run(optimiser, f, x, 2);
        const auto before = values(x);
        CHECK_THROWS_WITH(optimiser.step(f, x), Contains("gradient reaches nan"));
        CHECK_THROWS_AS(optimiser.step(f, x), divergence_error);
        CHECK(values(x) == before);
    };
    refuses(optim::adam<cpu>(ctx, {1, 1, 1, 8}));
    refuses(optim::gradient_descent<cpu>(ctx, {1, 1, 1, 8}, {.learning_rate = 1e-4}));

    // A learning rate far too large overflows, and is reported rather than painted.
    quadratic steep{.condition = 1e4};
    auto x = make_vector({1, 1});
    optim::gradient_descent<cpu> wild(ctx, x.shape(), {.learning_rate = 1});
    CHECK_THROWS_AS(run(wild, steep, x, 1000), divergence_error);
}

TEST_CASE("first-order optimisers report convergence where the gradient is zero") {
    context<cpu> ctx({.threads = 1});
    quadratic f{.condition = 10};
    auto x = make_vector({0, 0, 0});
    CHECK(optim::adam<cpu>(ctx, x.shape()).step(f, x).converged);
    CHECK(optim::gradient_descent<cpu>(ctx, x.shape()).step(f, x).converged);
    CHECK(values(x) == std::vector<float>{0, 0, 0});
}

TEST_CASE("first-order optimisers refuse options that make no sense") {
    context<cpu> ctx({.threads = 1});
    const shape s{1, 1, 1, 2};
    using descent = optim::gradient_descent<cpu>;
    using adam = optim::adam<cpu>;
    for (const double rate : {-1.0, 0.0, infinity, std::nan("")}) {
        CHECK_THROWS_AS(descent(ctx, s, {.first_step = rate}), option_error);
        CHECK_THROWS_AS(adam(ctx, s, {.learning_rate = rate}), option_error);
        CHECK_THROWS_AS(adam(ctx, s, {.epsilon = rate}), option_error);
    }
    CHECK_THROWS_AS(descent(ctx, s, {.learning_rate = -1}), option_error);
    for (const double share : {-0.1, 1.0, std::nan("")}) {
        CHECK_THROWS_AS(descent(ctx, s, {.momentum = share}), option_error);
        CHECK_THROWS_AS(adam(ctx, s, {.beta1 = share}), option_error);
        CHECK_THROWS_AS(adam(ctx, s, {.beta2 = share}), option_error);
        CHECK_THROWS_AS(optim::average<cpu>(ctx, s, share), option_error);
    }
    CHECK_THROWS_WITH(adam(ctx, s, {.learning_rate = -1e-9}),
                      "learning_rate: -1e-09 is not a positive number");
    quadratic f{.condition = 1};
    auto x = make_vector({1, 2, 3});
    CHECK_THROWS_WITH(adam(ctx, s).step(f, x), "adam: x: expected [1,1,1,2], found [1,1,1,3]");
}

TEST_CASE("an average weighs iterates exponentially and has no bias") {
    context<cpu> ctx({.threads = 1});
    optim::average<cpu> average(ctx, {1, 1, 1, 1}, 0.9);
    double weighted = 0, weights = 0;
    for (const float value : {4.0f, -1.0f, 2.5f, 7.0f}) {
        average.update(make_vector({value}));
        weighted = 0.9 * weighted + static_cast<double>(value);
        weights = 0.9 * weights + 1;
        CHECK(static_cast<double>(average.value().data()[0]) ==
              Approx(weighted / weights).epsilon(1e-6));
    }
}
