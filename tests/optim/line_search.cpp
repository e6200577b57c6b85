#include <impasto/optim/line_search.hpp>

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

using namespace impasto;
using optim::line_point;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Searches φ and checks what every search promises.
template <class Phi>
optim::line_search_result checked_search(Phi value_and_slope, double first_step,
                                         optim::line_search_options options = {}) {
    int calls = 0;
    const auto phi = [&](double step) {
        ++calls;
        const auto [value, slope] = value_and_slope(step);
        return line_point{step, value, slope};
    };
    const line_point start = phi(0);
    calls = 0;
    const auto found = optim::strong_wolfe(phi, start, first_step, options);

    CHECK(found.evaluations == calls);
    CHECK(found.evaluations <= options.max_evaluations);
    if (found.point.step > 0) {
        CHECK(found.point.value == phi(found.point.step).value);
        CHECK(found.point.value < start.value);
    }
    if (found.strong_wolfe) {
        CHECK(found.point.value <=
              start.value + options.sufficient_decrease * found.point.step * start.slope);
        CHECK(std::abs(found.point.slope) <= -options.curvature * start.slope);
        CHECK(found.last.step == found.point.step);
    }
    return found;
}

struct sample {
    double value, slope;
};

}  // namespace

TEST_CASE("the cubic through a cubic finds its minimum") {
    // x³ − 3x has its minimum at 1.
    const auto at = [](double x) { return line_point{x, x * x * x - 3 * x, 3 * x * x - 3}; };
    CHECK(optim::detail::cubic_minimum(at(0), at(3)) == Approx(1));
    CHECK(optim::detail::cubic_minimum(at(3), at(0)) == Approx(1));
    CHECK(optim::detail::cubic_minimum(at(0), at(0.5)) == Approx(1));
    CHECK(optim::detail::cubic_minimum(at(2), at(1.5)) == Approx(1));
}

TEST_CASE("strong Wolfe holds on Moré and Thuente's functions from first steps far apart") {
    for (const double curvature : {0.1, 0.9})
        for (const double first : {1e-3, 1e-1, 1e1, 1e3}) {
            CAPTURE(curvature, first);
            const optim::line_search_options options{.curvature = curvature, .max_evaluations = 50};
            // Moré & Thuente 1994, equations 5.1 and 5.2.
            const auto rational = checked_search(
                [](double a) {
                    const double b = a * a + 2;
                    return sample{-a / b, (a * a - 2) / (b * b)};
                },
                first, options);
            CHECK(rational.strong_wolfe);
            const auto quintic = checked_search(
                [](double a) {
                    const double b = a + 0.004;
                    return sample{std::pow(b, 5) - 2 * std::pow(b, 4),
                                  5 * std::pow(b, 4) - 8 * std::pow(b, 3)};
                },
                first, options);
            CHECK(quintic.strong_wolfe);
        }
}

TEST_CASE("a parabola's minimum is found at the second evaluation") {
    const auto parabola = [](double a) { return sample{(a - 3) * (a - 3), 2 * (a - 3)}; };
    const auto found = checked_search(parabola, 10, {.curvature = 1e-3});
    CHECK(found.evaluations == 2);
    CHECK(found.point.step == Approx(3));
}

TEST_CASE("a search steps back from what is not finite") {
    for (const double bad : {infinity, -infinity, std::nan("")}) {
        const auto cliff = [=](double a) {
            return a < 1 ? sample{-a, -1 + a * a} : sample{bad, bad};
        };
        const auto found = checked_search(cliff, 100, {.curvature = 0.5});
        CHECK(found.strong_wolfe);
        CHECK(found.point.step < 1);

        const auto bad_slope = [=](double a) { return sample{-a, a < 1 ? -1 + a * a : bad}; };
        CHECK(checked_search(bad_slope, 100, {.curvature = 0.5}).point.step < 1);

        const auto nothing_but = [=](double a) { return a > 0 ? sample{bad, bad} : sample{0, -1}; };
        const auto none = checked_search(nothing_but, 1);
        CHECK_FALSE(none.strong_wolfe);
        CHECK(none.point.step == 0);
    }
}

TEST_CASE("a search that runs out of evaluations says so and gives the lowest point") {
    // It falls for ever: no step is flat enough.
    const auto line = [](double a) { return sample{-a, -1}; };
    const auto found = checked_search(line, 1, {.max_evaluations = 3});
    CHECK_FALSE(found.strong_wolfe);
    CHECK(found.evaluations == 3);
    CHECK(found.point.step == found.last.step);
    CHECK(found.point.step >= 4);

    // A slope that lies: the value only rises.
    const auto uphill = checked_search([](double a) { return sample{a, -1}; }, 1);
    CHECK_FALSE(uphill.strong_wolfe);
    CHECK(uphill.point.step == 0);
}

TEST_CASE("Wolfe constants out of order are refused") {
    const auto refused = [](optim::line_search_options o) {
        CHECK_THROWS_AS(optim::validate(o), option_error);
    };
    refused({.sufficient_decrease = 0});
    refused({.sufficient_decrease = 0.5, .curvature = 0.4});
    refused({.curvature = 1});
    refused({.curvature = std::nan("")});
    refused({.max_evaluations = 0});
    optim::validate({});
}
