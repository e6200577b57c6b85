#include <impasto/optim/lbfgs.hpp>

#include <cmath>
#include <deque>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include <impasto/ops/random.hpp>

#include "optim/objectives.hpp"

using namespace impasto;
using namespace impasto::test;
using Catch::Matchers::Contains;

namespace {

using doubles = std::vector<double>;

doubles widen(input x) {
    return {x.begin(), x.end()};
}

double dot(const doubles& a, const doubles& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

struct pair {
    doubles s, y;
};

/// Nocedal & Wright 2006, algorithm 7.4, as it stands there; the newest pair is last.
doubles two_loop(const std::deque<pair>& pairs, doubles q) {
    doubles alpha(pairs.size());
    for (std::size_t i = pairs.size(); i-- > 0;) {
        alpha[i] = dot(pairs[i].s, q) / dot(pairs[i].s, pairs[i].y);
        for (std::size_t j = 0; j < q.size(); ++j)
            q[j] -= alpha[i] * pairs[i].y[j];
    }
    if (!pairs.empty()) {
        const auto& [s, y] = pairs.back();
        for (double& value : q)
            value *= dot(s, y) / dot(y, y);
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const double beta = dot(pairs[i].y, q) / dot(pairs[i].s, pairs[i].y);
        for (std::size_t j = 0; j < q.size(); ++j)
            q[j] += (alpha[i] - beta) * pairs[i].s[j];
    }
    return q;
}

struct outcome {
    int steps = 0;
    int evaluations = 0;
    double loss = 0;
    bool converged = false;
};

/// Steps until `loss` falls to the target, and checks what every step promises.
template <class F>
outcome minimise(optim::lbfgs<cpu>& optimiser, F& f, vector& x, double target, int most_steps) {
    vector scratch(x.shape());
    outcome result{.loss = f.evaluate(x, scratch)};
    while (result.loss > target && result.steps < most_steps && !result.converged) {
        const auto report = optimiser.step(f, x);
        CHECK(report.loss <= result.loss);
        CHECK(report.loss == f.evaluate(x, scratch));
        if (!report.converged)
            CHECK(optimiser.last_search().strong_wolfe);
        result = {.steps = result.steps + 1,
                  .evaluations = result.evaluations + report.evaluations,
                  .loss = report.loss,
                  .converged = report.converged};
    }
    return result;
}

}  // namespace

TEST_CASE("the history's direction is that of the two-loop recursion") {
    context<cpu> ctx({.threads = 2});
    const shape s{1, 3, 5, 7};
    const std::size_t capacity = 4;
    optim::lbfgs_history<cpu> history(ctx, s, capacity);
    std::deque<pair> pairs;
    vector g(s), d(s), step(s), change(s);

    for (std::uint64_t k = 0; k < 11; ++k) {
        CAPTURE(k);
        ops::fill_normal(ctx, 100 + k, 0, 1, g);
        history.direction(g, d);
        const auto expected = two_loop(pairs, widen(g));
        const double length = std::sqrt(dot(expected, expected));
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i)
            worst = std::max(worst, std::abs(expected[i] + static_cast<double>(d.data()[i])));
        CHECK(worst < 1e-7 * length);  // one rounding to float of each element

        ops::fill_normal(ctx, 200 + k, 0, 1, step);
        ops::fill_normal(ctx, 300 + k, 0, 1, change);
        ops::axpy(ctx, 2, step, change);  // s·y > 0
        REQUIRE(history.push(step, change));
        pairs.push_back({widen(step), widen(change)});
        if (pairs.size() > capacity)
            pairs.pop_front();
        CHECK(history.size() == pairs.size());
    }

    SECTION("a pair without positive curvature is left out and costs no other") {
        history.direction(g, d);
        const auto before = widen(d);
        ops::scale(ctx, -1, change);
        CHECK_FALSE(history.push(step, change));
        ops::fill(ctx, 0, step);
        CHECK_FALSE(history.push(step, change));
        ops::fill(ctx, std::numeric_limits<float>::quiet_NaN(), step);
        CHECK_FALSE(history.push(step, change));
        history.direction(g, d);
        CHECK(widen(d) == before);
    }
    SECTION("cleared, it gives steepest descent") {
        history.clear();
        history.direction(g, d);
        ops::axpy(ctx, 1, g, d);
        CHECK(ops::max_abs(ctx, d) == 0);
    }
}

TEST_CASE("L-BFGS reaches the minimum of Rosenbrock's function") {
    context<cpu> ctx({.threads = 2});
    rosenbrock f;
    SECTION("in two dimensions") {
        auto x = rosenbrock::start(2);
        optim::lbfgs<cpu> optimiser(ctx, x.shape());
        const auto result = minimise(optimiser, f, x, 1e-10, 100);
        CHECK(result.loss <= 1e-10);
        CHECK(result.steps <= 50);
        CHECK(result.evaluations <= 75);
        CHECK(distance_inf(x, 1) < 1e-4);
    }
    SECTION("in a hundred") {
        // From 0.5: the usual start may end in the other local minimum, near −1 in x₁.
        auto x = make_vector(std::vector<float>(100, 0.5f));
        optim::lbfgs<cpu> optimiser(ctx, x.shape());
        const auto result = minimise(optimiser, f, x, 1e-8, 600);
        CHECK(result.loss <= 1e-8);
        CHECK(distance_inf(x, 1) < 1e-3);
    }
}

TEST_CASE("L-BFGS with exact searches solves a quadratic in as many steps as dimensions") {
    context<cpu> ctx({.threads = 2});
    const int n = 20;
    for (const double condition : {1.0, 1e2, 1e4}) {
        CAPTURE(condition);
        quadratic f{condition};
        auto x = make_vector(std::vector<float>(n, 1.0f));
        optim::lbfgs<cpu> optimiser(ctx, x.shape(),
                                    {.history = n, .line_search = {.curvature = 0.01}});
        const auto result = minimise(optimiser, f, x, 1e-12, 2 * n);
        CHECK(result.loss <= 1e-12);
        CHECK(result.steps <= (condition == 1 ? 2 : n + 1));
    }
}

TEST_CASE("L-BFGS needs about one evaluation a step") {
    context<cpu> ctx({.threads = 2});
    quadratic f{.condition = 100};
    auto x = make_vector(std::vector<float>(1000, 1.0f));
    optim::lbfgs<cpu> optimiser(ctx, x.shape());
    const auto result = minimise(optimiser, f, x, 1e-6, 100);
    CHECK(result.loss <= 1e-6);
    CHECK(result.evaluations <= result.steps * 5 / 4);
}

TEST_CASE("L-BFGS does not mind the scale of J") {
    context<cpu> ctx({.threads = 1});
    struct scaled {
        rosenbrock f;
        float factor;
        double evaluate(input x, output gradient) {
            const double value = f.evaluate(x, gradient);
            for (float& element : gradient)
                element *= factor;
            return value * static_cast<double>(factor);
        }
    };
    std::vector<doubles> ends;
    for (const float factor : {0x1p-40f, 1.0f, 0x1p40f}) {
        scaled f{.f = {}, .factor = factor};
        auto x = rosenbrock::start(6);
        optim::lbfgs<cpu> optimiser(ctx, x.shape());
        for (int i = 0; i < 20; ++i)
            optimiser.step(f, x);
        ends.push_back(widen(x));
    }
    CHECK(ends[0] == ends[1]);
    CHECK(ends[2] == ends[1]);
}

TEST_CASE("L-BFGS stops where nothing lower can be found, and x stays there") {
    context<cpu> ctx({.threads = 1});
    rosenbrock f;
    auto x = rosenbrock::start(2);
    optim::lbfgs<cpu> optimiser(ctx, x.shape());
    const auto result = minimise(optimiser, f, x, -1, 500);
    CHECK(result.converged);
    CHECK(result.loss < 1e-12);
    const auto end = widen(x);
    CHECK(optimiser.step(f, x).converged);
    CHECK(widen(x) == end);
}

TEST_CASE("L-BFGS stops at its gradient tolerance") {
    context<cpu> ctx({.threads = 1});
    quadratic f{.condition = 10};
    auto x = make_vector({1, 1, 1, 1});
    optim::lbfgs<cpu> optimiser(ctx, x.shape(), {.gradient_tolerance = 1e-3});
    const auto result = minimise(optimiser, f, x, -1, 100);
    CHECK(result.converged);
    vector gradient(x.shape());
    f.evaluate(x, gradient);
    CHECK(ops::max_abs(ctx, gradient) <= 1e-3f);
    CHECK(optimiser.step(f, x).evaluations == 0);
}

TEST_CASE("L-BFGS never accepts a NaN") {
    context<cpu> ctx({.threads = 1});
    log_barrier f;
    auto x = make_vector({0.01f, 3, 10, 0.5f});
    optim::lbfgs<cpu> optimiser(ctx, x.shape(), {.first_step = 100});
    const auto result = minimise(optimiser, f, x, 4 + 1e-10, 100);
    CHECK(f.nan_seen);
    CHECK(result.loss == Approx(4));
    CHECK(distance_inf(x, 1) < 1e-4);

    SECTION("a start that is not finite is refused, x unchanged") {
        auto bad = make_vector({1, -1});
        optim::lbfgs<cpu> other(ctx, bad.shape());
        CHECK_THROWS_WITH(other.step(f, bad), Contains("lbfgs: J is nan"));
        CHECK_THROWS_AS(other.step(f, bad), divergence_error);
        CHECK(widen(bad) == doubles{1, -1});
    }
    SECTION("from the moment that everything is NaN it stays where it was") {
        nan_after<rosenbrock> spoiled{.f = {}, .good_evaluations = 10};
        auto y = rosenbrock::start(8);
        optim::lbfgs<cpu> other(ctx, y.shape());
        optim::step_report report{};
        for (int i = 0; i < 20 && !report.converged; ++i)
            report = other.step(spoiled, y);
        CHECK(report.converged);
        CHECK(std::isfinite(report.loss));
        CHECK(std::isfinite(distance_inf(y, 0)));
        vector gradient(y.shape());
        CHECK(report.loss == rosenbrock{}.evaluate(y, gradient));
    }
}

TEST_CASE("a step that ran out of evaluations keeps J and its gradient true to x") {
    context<cpu> ctx({.threads = 1});
    rosenbrock f, check;
    auto x = rosenbrock::start(20);
    vector gradient(x.shape());
    // Nearly exact searches with too few evaluations: most of them fail.
    optim::lbfgs<cpu> optimiser(ctx, x.shape(),
                                {.line_search = {.curvature = 0.001, .max_evaluations = 3}});
    double loss = f.evaluate(x, gradient);
    int failed = 0, evaluations = 0;
    f.evaluations = 0;
    for (int i = 0; i < 200; ++i) {
        const auto report = optimiser.step(f, x);
        evaluations += report.evaluations;
        REQUIRE(report.loss == check.evaluate(x, gradient));
        REQUIRE(report.loss <= loss);
        loss = report.loss;
        failed += !optimiser.last_search().strong_wolfe;
    }
    CHECK(failed > 10);
    CHECK(evaluations == f.evaluations);
}

TEST_CASE("a known J is not evaluated again, and reset forgets it") {
    context<cpu> ctx({.threads = 1});
    quadratic f{.condition = 1};
    auto x = make_vector({1, 1, 1});
    optim::lbfgs<cpu> optimiser(ctx, x.shape());
    CHECK(optimiser.step(f, x).evaluations >= 2);
    ops::fill(ctx, 5, x);
    optimiser.reset();
    const auto report = optimiser.step(f, x);
    CHECK(report.loss < 37.5);
    CHECK(report.evaluations >= 2);
}

TEST_CASE("the same start gives the same bytes twice and on any number of threads") {
    std::vector<doubles> ends;
    for (const int threads : {1, 1, 2}) {
        context<cpu> ctx({.threads = threads});
        quadratic f{.condition = 1e4};
        vector x({1, 3, 111, 127});
        ops::fill_uniform(ctx, 5, -1, 1, x);
        optim::lbfgs<cpu> optimiser(ctx, x.shape());
        for (int i = 0; i < 15; ++i)
            optimiser.step(f, x);
        ends.push_back(widen(x));
    }
    CHECK(ends[0] == ends[1]);
    CHECK(ends[0] == ends[2]);
}

TEST_CASE("L-BFGS refuses options that make no sense") {
    context<cpu> ctx({.threads = 1});
    const shape s{1, 1, 1, 2};
    using lbfgs = optim::lbfgs<cpu>;
    CHECK_THROWS_WITH(lbfgs(ctx, s, {.history = 0}), "history: 0 is not in [1, 1000]");
    CHECK_THROWS_AS(lbfgs(ctx, s, {.history = 1'000'000}), option_error);
    CHECK_THROWS_AS(lbfgs(ctx, s, {.first_step = -1}), option_error);
    CHECK_THROWS_AS(lbfgs(ctx, s, {.gradient_tolerance = std::nan("")}), option_error);
    CHECK_THROWS_AS(lbfgs(ctx, s, {.line_search = {.curvature = 2}}), option_error);
    quadratic f{.condition = 1};
    auto x = make_vector({1, 2, 3});
    CHECK_THROWS_AS(lbfgs(ctx, s).step(f, x), shape_error);
}

TEST_CASE("after a step that failed, L-BFGS goes on from x and its gradient as they were") {
    context<cpu> ctx;
    // While it is broken no point is lower than x, and gradients lead astray.
    struct breaking {
        quadratic sound{10};
        bool broken = false;
        double evaluate(input x, output gradient) {
            const double value = sound.evaluate(x, gradient);
            if (!broken)
                return value;
            for (float& g : gradient)
                g = -7 * g + 1;
            return 1e6;
        }
    };
    breaking f, whole;
    auto x = make_vector({3, -1, 2, 5}), expected = make_vector({3, -1, 2, 5});
    optim::lbfgs<cpu> optimiser(ctx, x.shape()), other(ctx, x.shape());
    (void)optimiser.step(f, x);
    (void)other.step(whole, expected);
    f.broken = true;
    CHECK(optimiser.step(f, x).converged);
    CHECK(widen(x) == widen(expected));
    f.broken = false;
    (void)optimiser.step(f, x);
    other.reset();  // the failed step dropped the history
    (void)other.step(whole, expected);
    CHECK(widen(x) == widen(expected));
}
