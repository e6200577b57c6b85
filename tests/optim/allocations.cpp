#include <catch2/catch.hpp>

#include <impasto/optim/adam.hpp>
#include <impasto/optim/average.hpp>
#include <impasto/optim/gradient_descent.hpp>
#include <impasto/optim/lbfgs.hpp>

#include "optim/objectives.hpp"
#include "support/counted_new.hpp"

using namespace impasto;
using namespace impasto::test;
using support::allocations;

TEST_CASE("a step allocates nothing") {
    context<cpu> ctx({.threads = 2});
    auto x = rosenbrock::start(50'000);  // past the threshold where work is shared
    rosenbrock f;
    const long before_tensor = allocations;
    optim::lbfgs<cpu> lbfgs(ctx, x.shape(), {.history = 5});
    optim::adam<cpu> adam(ctx, x.shape());
    optim::gradient_descent<cpu> descent(ctx, x.shape(), {.learning_rate = 1e-5});
    optim::average<cpu> average(ctx, x.shape(), 0.9);
    REQUIRE(allocations > before_tensor);  // the counter sees tensors

    const auto allocated_by = [&](auto&& work) {
        const long before = allocations;
        for (int i = 0; i < 12; ++i)
            work();
        return allocations - before;
    };
    CHECK(allocated_by([&] { lbfgs.step(f, x); }) == 0);
    CHECK(allocated_by([&] { adam.step(f, x); }) == 0);
    CHECK(allocated_by([&] { descent.step(f, x); }) == 0);
    CHECK(allocated_by([&] { average.update(x); }) == 0);
}
