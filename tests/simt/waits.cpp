#include <catch2/catch.hpp>

#include <simt/device.hpp>

#include <impasto/ops/losses.hpp>
#include <impasto/ops/random.hpp>
#include <impasto/ops/scalars.hpp>
#include <impasto/optim/adam.hpp>
#include <impasto/optim/lbfgs.hpp>

#include "support/device_maps.hpp"

using namespace impasto;

namespace {

/// ½‖x − c‖² + total variation, all of it on the device.
class smoothing {
public:
    smoothing(context<cuda>& ctx, tensor_view<const float, cuda> target)
        : context_(&ctx), target_(target), sums_(ctx, 3) {}

    double evaluate(tensor_view<const float, cuda> x, tensor_view<float, cuda> gradient,
                    auto&& measure) {
        ops::add_scaled(*context_, x, -1, target_, gradient);
        ops::dot(*context_, gradient, gradient, sums_.slots(0));
        ops::total_variation(*context_, x, {1, 1}, gradient, sums_.slots(1, 2));
        measure();
        const auto sums = sums_.read(*context_);
        return 0.5 * sums[0] + sums[1] + sums[2];
    }
    double evaluate(tensor_view<const float, cuda> x, tensor_view<float, cuda> gradient) {
        return evaluate(x, gradient, [] {});
    }

private:
    context<cuda>* context_;
    tensor_view<const float, cuda> target_;
    ops::scalars<cuda> sums_;
};

struct descent {
    descent() : c({1, 3, 9, 11}), x(c.shape()), f(ctx, c) {
        ops::fill_normal(ctx, 1, 0, 1, c);
        ops::fill(ctx, 0, x);
    }

    context<cuda> ctx;
    tensor<float, cuda> c, x;
    smoothing f;
};

}  // namespace

TEST_CASE("an iteration of L-BFGS waits for the device once an evaluation") {
    descent d;
    optim::lbfgs<cuda> optimiser(d.ctx, d.x.shape(), {.history = 5});
    auto before = optimiser.step(d.f, d.x);
    const auto reserved = d.ctx.reserved_bytes();
    for (int i = 0; i < 6; ++i) {
        CAPTURE(i);
        const auto waited = simt::times_waited();
        const auto report = optimiser.step(d.f, d.x);
        CHECK(simt::times_waited() - waited == static_cast<std::size_t>(report.evaluations));
        CHECK(report.loss < before.loss);
        before = report;
    }
    CHECK(before.evaluations == 1);
    CHECK(d.ctx.reserved_bytes() == reserved);  // a loop allocates nothing
}

TEST_CASE("an iteration of Adam waits for the device once") {
    descent d;
    optim::adam<cuda> optimiser(d.ctx, d.x.shape());
    double before = optimiser.step(d.f, d.x).loss;
    for (int i = 0; i < 3; ++i) {
        const auto waited = simt::times_waited();
        const double loss = optimiser.step(d.f, d.x).loss;
        CHECK(simt::times_waited() - waited == 1);
        CHECK(loss < before);
        before = loss;
    }
}
