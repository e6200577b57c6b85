#include <impasto/optim/lbfgs.hpp>

#include <limits>

#include <catch2/catch.hpp>

#include <impasto/ops/random.hpp>

#include "support/device_maps.hpp"
#include "support/every_order.hpp"

using namespace impasto;
using namespace support;

namespace {

using vector = tensor<float, cpu>;

vector random_vector(context<cpu>& ctx, const shape& s, std::uint64_t seed) {
    vector x(s);
    ops::fill_normal(ctx, seed, 0, 1, x);
    return x;
}

/// The same pairs in the CPU's two-loop history and in the GPU's compact one.
struct histories {
    histories(const shape& x, std::size_t capacity)
        : on_cpu(here, x, capacity), on_gpu(there, x, capacity), s(x) {}

    void push(std::uint64_t seed) {
        auto step = random_vector(here, s, 2 * seed), change = random_vector(here, s, 2 * seed + 1);
        ops::axpy(here, 2, step, change);  // s·y > 0
        push(step, change);
    }
    void push(const vector& step, const vector& change) {
        on_cpu.push(step, change);
        on_gpu.push(to_device(there, step), to_device(there, change));
    }

    /// ‖difference‖ / ‖direction‖
    double difference(std::uint64_t seed) {
        const auto g = random_vector(here, s, 1000 + seed);
        vector expected(s);
        on_cpu.direction(g, expected);
        auto found = to_device(there, filled(s, layout::nchw, not_a_number));
        on_gpu.direction(to_device(there, g), found);
        const auto back = to_host(there, found);
        return relative_error({back.begin(), back.end()}, {expected.begin(), expected.end()});
    }

    context<cpu> here{{.threads = 1}};
    context<cuda> there;
    optim::lbfgs_history<cpu> on_cpu;
    optim::lbfgs_history<cuda> on_gpu;
    shape s;
};

/// ½Σ kᵢ(xᵢ − 1)² with kᵢ from 1 to 100, reckoned on the host.
template <class Device>
struct quadratic {
    double evaluate(tensor_view<const float, Device> x, tensor_view<float, Device> gradient) {
        vector at(x.shape()), g(x.shape());
        ops::download(ctx, x, at.view());
        double sum = 0;
        for (std::int64_t i = 0; i < g.size(); ++i) {
            const double k = 1 + 99.0 * static_cast<double>(i) / static_cast<double>(g.size());
            const double off = static_cast<double>(at.data()[i]) - 1;
            g.data()[i] = static_cast<float>(k * off);
            sum += 0.5 * k * off * off;
        }
        ops::upload(ctx, g.view(), gradient);
        return sum;
    }

    context<Device>& ctx;
};

}  // namespace

TEST_CASE("the compact direction on the GPU is the CPU's two-loop one") {
    in_every_order([] {
        histories both({1, 3, 5, 7}, 4);
        for (std::uint64_t k = 0; k < 11; ++k) {
            CAPTURE(k);
            // Products are exact to float's rounding, and H's condition is modest.
            CHECK(both.difference(k) < 1e-5);
            both.push(k);
            CHECK(both.on_gpu.size() == both.on_cpu.size());
        }
        both.on_cpu.clear();
        both.on_gpu.clear();
        CHECK(both.on_gpu.size() == 0);
        CHECK(both.difference(11) == 0);
    });
}

TEST_CASE("more pairs than one warp holds, of more elements than one run") {
    histories both({1, 1, 1, 4999}, 70);
    for (std::uint64_t k = 0; k < 75; ++k)
        both.push(k);
    CHECK(both.on_gpu.size() == 70);
    CHECK(both.difference(0) < 1e-4);
}

TEST_CASE("a pair without positive curvature is left out on the GPU and costs no other") {
    histories both({1, 1, 3, 5}, 2);
    both.push(1);
    both.push(2);
    const auto step = random_vector(both.here, both.s, 5);
    const vector zero = filled(both.s, layout::nchw, 0);
    auto against = random_vector(both.here, both.s, 6);
    ops::axpy(both.here, -2, step, against);
    both.push(step, against);
    both.push(zero, step);
    both.push(filled(both.s, layout::nchw, not_a_number), step);
    CHECK(both.on_gpu.size() == 2);
    CHECK(both.difference(3) < 1e-5);
}

TEST_CASE("L-BFGS goes the same way on the GPU as on the CPU") {
    context<cpu> here({.threads = 1});
    context<cuda> there;
    const shape s{1, 1, 1, 300};
    auto x = filled(s, layout::nchw, 0);
    auto device_x = to_device(there, x);
    quadratic<cpu> f{here};
    quadratic<cuda> device_f{there};
    optim::lbfgs<cpu> on_cpu(here, s);
    optim::lbfgs<cuda> on_gpu(there, s);
    for (int i = 0; i < 12; ++i) {
        CAPTURE(i);
        const auto expected = on_cpu.step(f, x), found = on_gpu.step(device_f, device_x);
        CHECK(found.loss == Approx(expected.loss).epsilon(1e-3));
        CHECK(found.evaluations == expected.evaluations);
    }
}

TEST_CASE("L-BFGS on the GPU refuses an absurd history") {
    context<cuda> ctx;
    CHECK_THROWS_WITH(ops::lbfgs_pairs(ctx, {1, 1, 1, 8}, 0),
                      "L-BFGS: a history of 0 pairs is not in [1, 1000]");
    CHECK_THROWS_AS(ops::lbfgs_pairs(ctx, {1, 1, 1, 8}, 1001), option_error);
}
